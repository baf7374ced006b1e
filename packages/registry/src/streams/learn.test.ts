import { expect, test } from 'vitest'
import { createLearn, schemaRef } from './learn.ts'

function parts(schemas: Readonly<Record<number, string>>) {
  const actions: unknown[] = []
  return {
    actions,
    codec: { learn: (id: number, schema: string) => void actions.push(['learned', id, schema]) },
    fetchSchema: async (id: number) => schemas[id],
    onAbsent: (id: number, why: string) => void actions.push(['absent', id, why]),
  }
}

test('learns what the registry holds, and tells of what it does not', async () => {
  const { actions, ...learnParts } = parts({ 7: 'seven' })
  await createLearn(learnParts)([schemaRef(7), schemaRef(8)])
  expect(actions).toEqual([
    ['learned', 7, 'seven'],
    ['absent', 8, 'the registry does not hold it'],
  ])
})

test('a schema of another stream is absent, and the others are learnt', async () => {
  const { actions, ...learnParts } = parts({ 7: 'seven', 8: 'eight' })
  const learn = (id: number, schema: string): void => {
    if (id === 7) throw new Error('unreadable')
    actions.push(['learned', id, schema])
  }
  await createLearn({ ...learnParts, codec: { learn } })([schemaRef(7), schemaRef(8)])
  expect(actions).toEqual([
    ['absent', 7, 'it is not a schema of this stream: unreadable'],
    ['learned', 8, 'eight'],
  ])
})

test('without a registry every other schema is absent', async () => {
  const { actions, codec, onAbsent } = parts({})
  await createLearn({ codec, onAbsent })([schemaRef(7)])
  expect(actions).toEqual([['absent', 7, 'the registry does not hold it']])
})

test('a registry that is down makes nothing absent', async () => {
  const { actions, codec, onAbsent } = parts({})
  const learn = createLearn({ codec, onAbsent, fetchSchema: () => Promise.reject(new Error('down')) })
  await expect(learn([schemaRef(7)])).rejects.toThrow('down')
  expect(actions).toEqual([])
})

test('refuses what is not a schema', async () => {
  const { actions: _actions, ...learnParts } = parts({})
  await expect(createLearn(learnParts)(['geo:EU'])).rejects.toThrow('there is no way to get "geo:EU"')
})
