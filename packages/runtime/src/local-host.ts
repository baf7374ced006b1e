// A port of this machine alone can still be read by any page in a browser here, if a name of that page's site leads to
// 127.0.0.1. Such a request names its site in the Host header.

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+|localhost)$/i
const LOCAL_HOST = /^(?:(?:[\w-]+\.)*localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/i

/** Whether an address to listen on is reached from this machine only. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.test(address)
}

/** Whether the Host header of a request is one of this machine's own names for itself. */
export function isLocalHost(host: string | undefined): boolean {
  return LOCAL_HOST.test(host ?? '')
}
