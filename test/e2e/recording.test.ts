// Real recorded sessions in at one end, an honestly evaluated model, in use, out at the other: by the commands.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hasRecordings, json, RECORDINGS, succeed, temporaryDir, sluicebox } from './sluicebox.ts'

interface MomentQuality {
  readonly moment: string
  readonly measures: {
    readonly roc_auc: { readonly value: number; readonly low: number; readonly high: number }
  }
}

interface Scored {
  readonly kind: string
  readonly visitor: string
  readonly session_id: string
  readonly n: number
  readonly probability: number | null
  readonly goal: string
  readonly bundle_id: string
}

describe.skipIf(!hasRecordings)('a recording', () => {
  test.each([
    {
      name: 'REES46: a real shop',
      file: 'rees46-multicategory-2019-10-01-0000-0250utc.csv.gz',
      map: 'rees46',
      goal: 'transaction',
      events: 17_434,
      maturity: '10m',
      // Real data with few buyers: far above means that the answer leaked into the features.
      auc: [0.55, 0.8],
    },
    {
      name: 'a shop with a vocabulary and a goal of its own',
      file: 'ecom-synthetic-retentioneering.csv.gz',
      map: 'ecom',
      goal: 'purchase',
      events: 31_106,
      maturity: '0m',
      auc: [0.75, 0.99],
    },
  ])(
    '$name: import, drain, dataset, train, evaluate, use, verify',
    async ({ file, map, goal, events, maturity, auc }) => {
      const dir = temporaryDir(onTestFinished)
      const data = join(dir, 'data')
      const [imported] = await json<{ events: number }>(
        'import',
        join(RECORDINGS, file),
        '--map',
        map,
        '--data',
        data,
      )
      expect(imported?.events).toBe(events)
      await succeed('drain', '--data', data, '--close')

      const table = join(dir, 'table')
      await succeed(
        'dataset',
        'build',
        '--data',
        data,
        '--out',
        table,
        '--features',
        'auto',
        '--goal',
        goal,
        '--maturity',
        maturity,
      )
      const bundle = join(dir, 'bundle')
      await succeed('train', table, '--kind', 'trees', '--out', bundle, '--seed', '1')
      const [evaluation] = await json<{ moments: MomentQuality[] }>(
        'model',
        'evaluate',
        bundle,
        '--table',
        table,
      )
      expect(evaluation?.moments.map(quality => quality.moment)).toEqual([
        'after_1',
        'after_3',
        'after_6',
        'after_10',
        'last',
        'pooled',
      ])
      const last = evaluation?.moments.find(quality => quality.moment === 'last')?.measures.roc_auc
      expect(last?.value).toBeGreaterThan(auc[0] as number)
      expect(last?.value).toBeLessThan(auc[1] as number)
      expect(last?.low).toBeLessThan(last?.value as number)
      expect(last?.high).toBeGreaterThan(last?.value as number)

      const report = join(dir, 'report.html')
      await succeed('model', 'report', bundle, '--table', table, '--out', report)
      expect(readFileSync(report, 'utf8')).toMatch(/<svg[\s\S]*<\/html>/)

      // The same table and seed give the same bytes.
      await succeed('train', table, '--kind', 'trees', '--out', join(dir, 'again'), '--seed', '1')
      expect(readFileSync(join(dir, 'again', 'model.bin'))).toEqual(readFileSync(join(bundle, 'model.bin')))

      // In use: the recording scored with the new bundle, from the start.
      const used = join(dir, 'used')
      await succeed('import', join(RECORDINGS, file), '--map', map, '--data', used)
      await succeed('drain', '--data', used, '--bundle', bundle, '--close')
      const scored = await json<Scored>('tail', 'scored', '--data', used)
      const manifest = JSON.parse(readFileSync(join(bundle, 'bundle.json'), 'utf8')) as { id: string }
      expect(new Set(scored.map(score => score.bundle_id))).toEqual(new Set([manifest.id]))
      expect(new Set(scored.map(score => score.goal))).toEqual(new Set([goal]))
      // The recording has one session id that two visitors share: a session is one visitor's.
      for (const session of Map.groupBy(scored, score => `${score.visitor} ${score.session_id}`).values()) {
        expect(session.map(score => score.n)).toEqual(session.map((_, index) => index + 1))
        expect(session.at(-1)?.kind).toBe('final')
      }
      const [verified] = await json<{ compared: number; differing: number; missing: number; extra: number }>(
        'verify',
        '--data',
        used,
      )
      expect(verified).toMatchObject({ compared: scored.length, differing: 0, missing: 0, extra: 0 })
    },
    300_000,
  )

  test('is written once, however often it is imported', async () => {
    const data = join(temporaryDir(onTestFinished), 'data')
    const otto = join(RECORDINGS, 'otto-sample-20-sessions.jsonl.gz')
    const args = ['import', otto, '--map', 'otto', '--data', data]
    const [first] = await json<{ written: number }>(...args)
    const [again] = await json<{ written: number; present: number }>(...args)
    expect(again).toMatchObject({ written: 0, present: first?.written })
  })

  test('is refused where the log is ahead of it: time only goes forward', async () => {
    const data = join(temporaryDir(onTestFinished), 'data')
    await succeed(
      'import',
      join(RECORDINGS, 'otto-sample-20-sessions.jsonl.gz'),
      '--map',
      'otto',
      '--data',
      data,
    )
    const earlier = join(RECORDINGS, 'rees46-multicategory-2019-10-01-0000-0250utc.csv.gz')
    const refused = await sluicebox('import', earlier, '--map', 'rees46', '--data', data)
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('time in a log only goes forward')
  })
})
