import { expect, test } from 'vitest'
import { evaluate } from '../evaluate.ts'
import { renderReport } from './report.ts'
import { exampleManifest } from '../testing/example-manifest.ts'
import { scoredRows, simulatedRows } from '../testing/scored-rows.ts'

const options = { dataset: 'test', threshold: 0.3, seed: 1, replicates: 30 } as const
const evaluation = evaluate(simulatedRows({ sessions: 300, seed: 4 }), options)
const report = renderReport(evaluation, exampleManifest())

test('a report shows every part', () => {
  const headings = [...report.matchAll(/<h[123]>([^<]+)<\/h[123]>/g)].map(match => match[1])
  expect(headings).toEqual([
    'shop 2026.2',
    'How early does it know?',
    'Ranking',
    'ROC',
    'Precision and recall',
    'Probabilities',
    'Calibration',
    'Scores',
    'Decisions',
    'What moves the score',
    'For whom',
    'Data',
    'How it was made',
    'What these figures do not say',
  ])
  expect(report.match(/<svg /g)).toHaveLength(6)
  expect(report.match(/<path\s+class="curve /g)).toHaveLength(2 * evaluation.moments.length)
})

test('a report needs no other file: no script, nothing from elsewhere', () => {
  expect(report).not.toMatch(/<script|<link|<img|<iframe|https?:|url\(|@import/)
})

test('what comes from the manifest is text, never markup', () => {
  const evil = '<script>alert("1")</script> & \'more\''
  const page = renderReport(
    evaluation,
    exampleManifest({ description: evil, author: evil, limitations: [evil], intended_use: evil }),
  )
  expect(page).not.toContain('<script')
  expect(
    page.match(/&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt; &amp; &#39;more&#39;/g),
  ).toHaveLength(4)
})

test('names from a dataset or a bundle stay text: no tag, no attribute, no hidden or reversing character', () => {
  const evil = `x"><script>alert(1)</script>' onload='\u202egnp.\u200b\u2066\ufeff\u0000`
  const [importance] = exampleManifest().importance
  const page = renderReport(
    {
      ...evaluation,
      slices: evaluation.slices.map(slice => ({ ...slice, feature: evil, value: evil })),
    },
    exampleManifest({ name: evil, importance: [{ ...importance!, feature: evil }] }),
  )
  const shown =
    'x&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39; onload=&#39;\ufffdgnp.\ufffd\ufffd\ufffd\ufffd'
  const title = /<title>([^<]*): model report<\/title>/.exec(page)?.[1]
  expect(title).toBe(`${shown} 2026.2`)
  expect(page).toContain(`<th scope="row">${shown}: ${shown}</th>`)
  // A chart shows the feature shortened, and whole on hover.
  expect(page).toContain(`<title>${shown}</title>`)
  expect(page).not.toMatch(/<script|onload='|[\u0000\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/)
  expect(unclosed(page)).toEqual([])
})

test.each([
  { name: 'of many sessions', page: report },
  {
    name: 'without features, slices and parts',
    page: renderReport(
      evaluate(scoredRows({ label: [0, 1, 0], score: [0, 2, 1] }), options),
      exampleManifest({ importance: [] }),
    ),
  },
  {
    name: 'of sessions none of which reached the goal',
    page: renderReport(evaluate(scoredRows({ label: [0, 0], score: [1, 1] }), options), exampleManifest()),
  },
  {
    name: 'of a single row',
    page: renderReport(evaluate(scoredRows({ label: [1], score: [-7] }), options), exampleManifest()),
  },
])('a report $name closes every element and draws numbers only', ({ page }) => {
  expect(unclosed(page)).toEqual([])
  expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/)
})

/** The elements that are still open at the end, or were closed out of order. */
function unclosed(page: string): string[] {
  const open: string[] = []
  const body = page.replace(/<style>[^]*?<\/style>/, '')
  for (const [, slash, name, end] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/g)) {
    if (slash === '/') {
      if (open.pop() !== name) return [...open, `/${name}`]
    } else if (end !== '/' && name !== 'meta') open.push(name!)
  }
  return open
}
