import { setFlagsFromString } from 'node:v8'

/**
 * Flags that fit V8 to a process that keeps little and frees much, as a collector does. Without them all of
 * the heap is collected several times a second under load, and all requests wait 20 ms for it.
 */
export const HEAP_FLAGS = [
  // V8 learns which objects live long, and then allocates their kind in the old generation at once. Under load it takes
  // parts of requests for such objects. A dead object there keeps all that it points to, the whole request, until the
  // old generation is collected.
  '--no-allocation-site-pretenuring',
  // A heap as small as a collector's may grow by 8 MB before all of it is collected, and V8 counts buffers that die young
  // towards that: the bodies of requests reach 8 MB in a tenth of a second. With this flag the heap may grow to four times
  // its size, the most that V8 allows by default.
  '--heap-growing-percent=300',
]

/** Sets the flags. Call it before there is any load: V8 has no other API for them, and reads the first as it compiles. */
export function tuneHeap(): void {
  for (const flag of HEAP_FLAGS) setFlagsFromString(flag)
}
