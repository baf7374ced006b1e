// Certificates for a test: an authority, a server on loopback, and a client.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram, type Failure } from './process.ts'

export interface Certificates {
  /** The authority's certificate. */
  readonly caFile: string
  /** Key and certificate of the servers, in one file. */
  readonly serverFile: string
  readonly clientCertFile: string
  readonly clientKeyFile: string
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-sha256']

/** Makes new ones in the folder, as PEM. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const at = (name: string) => join(folder, name)
  await openssl([
    ...['req', '-x509', ...NEW_KEY, '-days', '30', '-subj', '/CN=Sluicebox test authority'],
    ...['-keyout', at('ca.key'), '-out', at('ca.pem')],
  ])
  await writeFile(at('server.ext'), 'subjectAltName = IP:127.0.0.1, DNS:localhost\n')
  await writeFile(at('client.ext'), 'extendedKeyUsage = clientAuth\n')
  for (const [name, subject] of [
    ['server', '/CN=localhost'],
    ['client', '/CN=sluicebox'],
  ] as const) {
    await openssl([
      ...['req', '-new', ...NEW_KEY, '-subj', subject],
      ...['-keyout', at(`${name}.key`), '-out', at(`${name}.csr`)],
    ])
    await openssl([
      ...['x509', '-req', '-sha256', '-days', '30', '-in', at(`${name}.csr`), '-out', at(`${name}.pem`)],
      ...['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at(`${name}.ext`)],
    ])
  }
  const both = await Promise.all(['server.key', 'server.pem'].map(name => readFile(at(name), 'utf8')))
  await writeFile(at('server-both.pem'), both.join(''))
  return {
    caFile: at('ca.pem'),
    serverFile: at('server-both.pem'),
    clientCertFile: at('client.pem'),
    clientKeyFile: at('client.key'),
  }
}

async function openssl(args: readonly string[]): Promise<void> {
  try {
    await runProgram('openssl', args)
  } catch (cause) {
    const { code, stderr } = cause as Failure
    throw new Error(
      code === 'ENOENT'
        ? 'openssl is missing: install it (Debian: apt-get install openssl) and try again.'
        : `openssl ${args[0]} fails:\n${stderr}`,
      { cause },
    )
  }
}
