import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { html, trusted } from './html.ts'

describe('html', () => {
  test.each([
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    [`" onload='x' \``, '&quot; onload=&#39;x&#39; &#96;'],
    ['a & b', 'a &amp; b'],
    ['a\u0000b\u202eb\u200bc', 'a\ufffdb\ufffdb\ufffdc'],
    ['a\u061cb\u00adc\u{e0041}d', 'a\ufffdb\ufffdc\ufffdd'],
    ['naïve 日本 🙂', 'naïve 日本 🙂'],
    [12.5, '12.5'],
    [null, ''],
    [undefined, ''],
    [false, ''],
    [['<', html`<b>${'>'}</b>`], '&lt;<b>&gt;</b>'],
  ] as const)('of %j is %s', (value, expected) => {
    expect(html`${value}`.html).toBe(expected)
  })

  test('nests', () => {
    const items = ['a', '<b>'].map(item => html`<li>${item}</li>`)
    expect(html`${items}!`.html).toBe('<li>a</li><li>&lt;b&gt;</li>!')
  })

  test('no value opens a tag or leaves an attribute', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), value => {
        expect(html`${value}`.html).not.toMatch(/[<>"'`]/)
      }),
    )
  })

  test('only trusted markup is left as it is', () => {
    expect(html`${trusted('<svg/>')}`.html).toBe('<svg/>')
  })
})
