import { destination, pino, type Logger } from 'pino'

export type { Logger } from 'pino'

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const

/**
 * Structured logs, one JSON object a line, on standard error: standard output belongs to what a command prints.
 * Nothing that a visitor sent is logged but under bounded fields, and never a body, an address or a cookie.
 */
export function createLogger({ level, name }: { level: (typeof LOG_LEVELS)[number]; name: string }): Logger {
  return pino(
    { level, name, base: { name }, timestamp: pino.stdTimeFunctions.isoTime },
    destination({ fd: 2, sync: true }),
  )
}
