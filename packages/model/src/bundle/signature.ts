import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Manifest } from './manifest.ts'

export type Signature = NonNullable<Manifest['signature']>

/** The Ed25519 private key in a PEM file, as `openssl genpkey -algorithm ed25519` makes it. */
export async function readPrivateKey(path: string): Promise<KeyObject> {
  return ed25519(createPrivateKey(await readFile(path, 'utf8')), path)
}

/** The Ed25519 public key in a PEM file, as `openssl pkey -pubout` makes it. */
export async function readPublicKey(path: string): Promise<KeyObject> {
  return ed25519(createPublicKey(await readFile(path, 'utf8')), path)
}

/** Signs a bundle's id, and so all that the id is the hash of. */
export function signId(id: string, privateKey: KeyObject): Signature {
  const value = sign(null, signedBytes(id), privateKey).toString('base64')
  return { algorithm: 'ed25519', key_id: keyId(createPublicKey(privateKey)), value }
}

/** Throws unless one of the keys made the signature. */
export function checkSignature(
  id: string,
  signature: Signature | null,
  publicKeys: readonly KeyObject[],
): void {
  if (signature === null) throw new Error('The bundle is not signed, and a signature is required.')
  const key = publicKeys.find(candidate => keyId(candidate) === signature.key_id)
  if (key === undefined)
    throw new Error(
      `The bundle is signed with the key ${signature.key_id}, which is not among the trusted keys.`,
    )
  if (!verify(null, signedBytes(id), key, Buffer.from(signature.value, 'base64')))
    throw new Error(`The bundle's signature is not one of the key ${signature.key_id} over its id.`)
}

/** Names a key: the first 16 hexadecimal digits of the SHA-256 of its public part. */
export function keyId(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('hex').slice(0, 16)
}

/** The prefix keeps a signature made for a bundle from meaning anything elsewhere. */
function signedBytes(id: string): Buffer {
  return Buffer.from(`sluicebox-bundle:${id}`)
}

function ed25519(key: KeyObject, path: string): KeyObject {
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(
      `${path} holds a key of the type ${key.asymmetricKeyType}; bundles are signed with ed25519.`,
    )
  return key
}
