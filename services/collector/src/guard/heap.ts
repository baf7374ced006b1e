import { setFlagsFromString } from 'node:v8'

/**
 * Flags that fit V8 to a process that keeps little and frees much, as a collector does. Without them all of
 * the heap is collected several times a second under load, and everybody waits 20 ms for it.
 */
export const HEAP_FLAGS = [
  // V8 learns which objects live long, and makes such ones among the old at once. Under load it finds that parts of
  // requests do. What is old and dead still holds what it points to, the whole request, until everything is collected.
  '--no-allocation-site-pretenuring',
  // A heap as small as a collector's may grow by 8 MB before all of it is collected, and V8 counts the memory of buffers
  // that die young in that: bodies of requests alone are as much in a tenth of a second. Now it may grow to four
  // times its size, the most that V8 allows by default.
  '--heap-growing-percent=300',
]

/** To be called before there is any load: V8 has no other API for these, and looks at the first when it compiles. */
export function tuneHeap(): void {
  for (const flag of HEAP_FLAGS) setFlagsFromString(flag)
}
