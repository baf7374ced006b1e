import { describe, expect, test } from 'vitest'
import { renderCard } from './card.ts'
import { caveats } from './caveats.ts'
import { evaluate, type Evaluation } from './evaluate.ts'
import { exampleManifest } from './testing/example-manifest.ts'
import { simulatedRows } from './testing/scored-rows.ts'

const options = { dataset: 'test', threshold: 0.3, seed: 1, replicates: 30 } as const
const evaluation = evaluate(simulatedRows({ sessions: 300, seed: 4 }), options)

describe('a card', () => {
  test('says what the model is for, what it was trained on, how good it is and what it is not for', () => {
    const card = renderCard(exampleManifest(), evaluation)
    expect(card.match(/^#+ .*$/gm)).toEqual([
      '# shop 2026.2',
      '## What it is for',
      '## What it is not for',
      '## Data',
      '## How good it is',
      '## What moves the score',
      '## Limitations',
      '## How to make it again',
    ])
    expect(card).toContain('- Other shops.')
    expect(card).toContain('- Trained on one shop.')
    const { value, low, high } = evaluation.moments.at(-1)!.measures.roc_auc
    expect(card).toContain(`${value!.toFixed(3)} (${low!.toFixed(3)}–${high!.toFixed(3)})`)
  })

  test('shows the text of the manifest, not its markup', () => {
    const card = renderCard(
      exampleManifest({ description: '# Not [a](heading)\n<b>or</b> `code`' }),
      evaluation,
    )
    expect(card).toContain('\\# Not \\[a\\](heading) \\<b\\>or\\</b\\> \\`code\\`')
  })

  test('has as many cells in each row of a table', () => {
    const lines = renderCard(exampleManifest(), evaluation).split('\n')
    const blocks = lines
      .join('\n')
      .split('\n\n')
      .filter(block => block.startsWith('|'))
    expect(blocks.length).toBe(4)
    for (const block of blocks)
      expect(new Set(block.split('\n').map(line => line.split(/(?<!\\)\|/).length)).size).toBe(1)
  })
})

describe('a reader is warned', () => {
  const pooled = (low: number | null): Evaluation => {
    const all = [...evaluation.moments]
    const last = all.pop()!
    const roc_auc = { value: 0.55, low, high: 0.6 }
    return { ...evaluation, moments: [...all, { ...last, measures: { ...last.measures, roc_auc } }] }
  }
  const month = exampleManifest()
  const { split } = month
  const hours = { ...split, test: { ...split.test!, to: '2026-01-01T02:30:00Z' } }
  test.each([
    {
      of: 'few positive sessions',
      made: { ...evaluation, positiveSessions: 99 },
      manifest: month,
      text: /Only 99 of 300/,
    },
    {
      of: 'figures of the training rows',
      made: { ...evaluation, dataset: 'train' as const },
      manifest: month,
      text: /learned from/,
    },
    {
      of: 'figures of the validation rows',
      made: { ...evaluation, dataset: 'validation' as const },
      manifest: month,
      text: /helped to choose/,
    },
    {
      of: 'scores that may be chance',
      made: pooled(0.49),
      manifest: month,
      text: /not shown that the scores are better/,
    },
    {
      of: 'scores of unknown certainty',
      made: pooled(null),
      manifest: month,
      text: /not shown that the scores are better/,
    },
    { of: 'a short time', made: evaluation, manifest: { ...month, split: hours }, text: /span 2.50 hours/ },
    { of: 'visitors who come back', made: evaluation, manifest: month, text: /Visitors come back/ },
    {
      of: 'what is never covered',
      made: { ...evaluation, visitors: 300 },
      manifest: month,
      text: /Intervals cover the chance/,
    },
    { of: 'what the author says', made: evaluation, manifest: month, text: /^Trained on one shop\.$/ },
  ])('of $of', ({ made, manifest, text }) => {
    expect(caveats(made, manifest)).toContainEqual(expect.stringMatching(text))
  })

  test('of nothing that does not apply', () => {
    const warnings = caveats({ ...evaluation, positiveSessions: 100 }, month).join('\n')
    expect(warnings).not.toMatch(/Only|learned from|helped to|not shown|span/)
  })
})
