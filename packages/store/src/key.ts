const KEY_LENGTH_MAX = 900
const SEGMENT_LENGTH_MAX = 200
// ASCII only: sorted the same way by every store, and legal as a file name everywhere.
const SEGMENT = /^[A-Za-z0-9_=+@,~-][A-Za-z0-9_=+@,~.-]*$/

/**
 * Throws unless `key` can be the key of an object in any store: segments of letters, digits and `_ = + @ , ~ . -`
 * between single slashes, none of them empty or starting with a dot. So no key can leave the store's folder.
 */
export function checkKey(key: string): void {
  if (!isKey(key))
    throw new Error(
      `"${shown(key)}" can't be the key of an object: use segments of letters, digits and _ = + @ , ~ . - ` +
        `between single slashes, none starting with a dot, at most ${KEY_LENGTH_MAX} characters in all`,
    )
}

/** Throws unless `prefix` can begin a key: its last segment may end anywhere, or be empty. */
export function checkPrefix(prefix: string): void {
  const segments = prefix.split('/')
  const last = segments.pop() as string
  if (prefix.length > KEY_LENGTH_MAX || !segments.every(isSegment) || !(last === '' || isSegment(last)))
    throw new Error(
      `"${shown(prefix)}" can't be the prefix of a key: no key starts with it. It is written like a key, ` +
        'without a leading slash; empty lists everything',
    )
}

/** Whether `key` can be the key of an object in any store. */
export function isKey(key: string): boolean {
  return key.length > 0 && key.length <= KEY_LENGTH_MAX && key.split('/').every(isSegment)
}

function isSegment(segment: string): boolean {
  return segment.length <= SEGMENT_LENGTH_MAX && SEGMENT.test(segment)
}

function shown(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text).slice(1, -1)
}
