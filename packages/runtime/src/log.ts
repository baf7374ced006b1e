import { destination, pino, type Logger } from 'pino'

export type { Logger } from 'pino'

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const

/**
 * Returns a logger that writes one JSON object per line to standard error; standard output belongs to what a command
 * prints. Callers log what a visitor sent only in fields of bounded length, and never a body, an address or a cookie.
 */
export function createLogger({ level, name }: { level: (typeof LOG_LEVELS)[number]; name: string }): Logger {
  return pino(
    { level, name, base: { name }, timestamp: pino.stdTimeFunctions.isoTime },
    destination({ fd: 2, sync: true }),
  )
}
