import type { StreamName } from '@sluicebox/event/records'
import { isSameSchema } from './canonical.ts'
import { incompatibilities } from './compatibility.ts'
import { currentSchema } from './folder.ts'
import { COMPATIBILITY_LEVEL, type SchemaServer, type SubjectVersion } from './server.ts'
import { subjectOf } from './subject.ts'

/** Something that keeps a stream from being written or read under the registry, and what to do. */
export interface SchemaFinding {
  readonly subject: string
  readonly fault: string
  readonly advice: string
}

const PUSH = 'Register it: sluicebox schemas push'

/** Compares the folder's schema of a stream with what the registry holds. */
export async function checkStream(
  server: SchemaServer,
  stream: StreamName,
  { subjectPrefix, dir }: { readonly subjectPrefix: string; readonly dir: string },
): Promise<SchemaFinding[]> {
  const subject = subjectOf(stream, subjectPrefix)
  const findings: SchemaFinding[] = []
  const add = (fault: string, advice: string): void => void findings.push({ subject, fault, advice })

  const versions = await server.versions(subject)
  if (versions.length === 0) {
    add('the registry holds no schema under this subject', PUSH)
    return findings
  }
  const { level, isOwn } = await server.compatibility(subject)
  if (level !== COMPATIBILITY_LEVEL)
    add(
      `its compatibility level is ${level}${isOwn ? '' : " (the registry's own)"}, not ${COMPATIBILITY_LEVEL}: a schema that breaks readers could be registered`,
      'Set it: sluicebox schemas push',
    )
  const text = currentSchema(stream, dir)
  const isHeld = versions.some(({ schema }) => isSameSchema(schema, text))
  const faults = await misfits(server, subject, text, isHeld ? without(versions, text) : versions)
  for (const fault of faults)
    add(fault, 'Change the schema so that every version can read it and be read by it, or start a new stream')
  if (!isHeld && faults.length === 0) add("this release's schema is not registered", PUSH)
  return findings
}

/** Why the schema does not go with versions that the registry holds: what we find, else what the registry says. */
export async function misfits(
  server: SchemaServer,
  subject: string,
  text: string,
  versions: readonly SubjectVersion[],
): Promise<string[]> {
  const faults = versions.flatMap(({ version, schema }) =>
    incompatibilities(text, schema).map(fault => `with version ${version}, ${fault}`),
  )
  if (faults.length > 0) return faults
  const { isCompatible, says } = await server.judge(subject, text)
  return isCompatible
    ? []
    : [
        `the registry says that this release's schema is not compatible${says.length > 0 ? `: ${says.join('; ')}` : ''}`,
      ]
}

function without(versions: readonly SubjectVersion[], text: string): SubjectVersion[] {
  return versions.filter(({ schema }) => !isSameSchema(schema, text))
}
