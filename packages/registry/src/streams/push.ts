import type { StreamName } from '@sluicebox/event/records'
import { isSameSchema } from './canonical.ts'
import { misfits } from './check.ts'
import { currentSchema, schemaVersions } from './folder.ts'
import { COMPATIBILITY_LEVEL, type SchemaServer, type SubjectVersion } from './server.ts'
import { subjectOf } from './subject.ts'
import { RegistryRefusal } from './transport.ts'

/** What happened, or would happen, to one schema of the folder. */
export interface PushedSchema {
  readonly subject: string
  /** The release's own name for it: `version 1`, `version 2` …, `current` where it was not released yet. */
  readonly schema: string
  /** The registry's number and id; null where it does not hold it. */
  readonly version: number | null
  readonly id: number | null
  /** `superseded`: not registered, since a later one of ours already is. */
  readonly outcome: 'registered' | 'unchanged' | 'would be registered' | 'superseded' | 'refused'
  /** Why it was refused. */
  readonly why: string
}

export interface Pushed {
  readonly subject: string
  /** The compatibility level before the change; null when it was right already. */
  readonly levelBefore: string | null
  readonly schemas: readonly PushedSchema[]
}

export interface PushOptions {
  readonly subjectPrefix: string
  /** The folder of the schemas. */
  readonly dir: string
  /** Only say what would happen. */
  readonly dryRun?: boolean
}

/**
 * Registers the schemas of a stream: first every released version, in order, so that the registry checks the current
 * one against all of them; each under FULL_TRANSITIVE. Schemas that are registered already stay as they are.
 */
export async function pushStream(
  server: SchemaServer,
  stream: StreamName,
  { subjectPrefix, dir, dryRun = false }: PushOptions,
): Promise<Pushed> {
  const subject = subjectOf(stream, subjectPrefix)
  const { level, isOwn } = await server.compatibility(subject)
  const isRight = isOwn && level === COMPATIBILITY_LEVEL
  if (!isRight && !dryRun)
    await server.setCompatibility(subject, COMPATIBILITY_LEVEL).catch(async (error: unknown) => {
      // Two processes that set it at the same moment disturb each other: what counts is that it is set.
      const now = await server.compatibility(subject)
      if (!now.isOwn || now.level !== COMPATIBILITY_LEVEL) throw error
    })

  const ours = releases(stream, dir)
  const before = await server.versions(subject)
  const latest = ours.findLastIndex(({ text }) => isHeld(before, text))
  const outcomes: Pick<PushedSchema, 'outcome' | 'why'>[] = []
  for (const [i, { text }] of ours.entries()) {
    if (isHeld(before, text)) outcomes.push({ outcome: 'unchanged', why: '' })
    else if (i < latest) outcomes.push({ outcome: 'superseded', why: '' })
    else outcomes.push(await (dryRun ? foresee(text) : register(text)))
  }

  const after = dryRun ? before : await server.versions(subject)
  const schemas = ours.map(({ name, text }, i): PushedSchema => {
    const held = after.findLast(each => isSameSchema(each.schema, text))
    const { outcome, why } = outcomes[i] as (typeof outcomes)[number]
    return { subject, schema: name, version: held?.version ?? null, id: held?.id ?? null, outcome, why }
  })
  return { subject, levelBefore: isRight ? null : isOwn ? level : 'none of its own', schemas }

  async function register(text: string): Promise<Pick<PushedSchema, 'outcome' | 'why'>> {
    try {
      await server.register(subject, text)
      return { outcome: 'registered', why: '' }
    } catch (error) {
      if (!(error instanceof RegistryRefusal && isUnfit(error))) throw error
      // The registry's own words seldom name the field.
      const faults = await misfits(server, subject, text, await server.versions(subject))
      return { outcome: 'refused', why: [...faults, error.message].join('; ') }
    }
  }

  async function foresee(text: string): Promise<Pick<PushedSchema, 'outcome' | 'why'>> {
    const faults = await misfits(server, subject, text, before)
    return faults.length === 0
      ? { outcome: 'would be registered', why: '' }
      : { outcome: 'refused', why: faults.join('; ') }
  }
}

/** 409: not compatible; 422, 42201 …: not a schema to this registry. */
function isUnfit({ code }: RegistryRefusal): boolean {
  return /^(409|422)/.test(String(code))
}

/** The released versions in order, then the current schema where it differs from the last of them. */
function releases(stream: StreamName, dir: string): { name: string; text: string }[] {
  const versions = schemaVersions(stream, dir).map(({ version, schema }) => ({
    name: `version ${version}`,
    text: schema,
  }))
  const current = currentSchema(stream, dir)
  const isReleased = versions.some(({ text }) => isSameSchema(text, current))
  return isReleased ? versions : [...versions, { name: 'current', text: current }]
}

function isHeld(versions: readonly SubjectVersion[], text: string): boolean {
  return versions.some(({ schema }) => isSameSchema(schema, text))
}
