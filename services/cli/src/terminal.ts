import { Presets, SingleBar } from 'cli-progress'

// Data goes to standard output, everything else to standard error, so that output can be piped.

/** Where all of a command's output is written. A test replaces both functions and reads what they receive. */
export const output = {
  data(bytes: string | Uint8Array): void {
    process.stdout.write(bytes)
  },
  messages(text: string): void {
    process.stderr.write(text)
  },
}

/**
 * Characters that a visitor could send to change what a terminal shows: controls, those that are not seen, and those that
 * turn the direction of writing. Line ends, tabs and the colours of `paint` are not among them.
 */
const HIDDEN =
  /(?!\u001b\[(?:[012]|3[1236])m)[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

/** Makes such characters visible, as JSON writes them: JSON keeps its meaning. */
export function visible(text: string): string {
  return text.replaceAll(HIDDEN, found =>
    Array.from(
      { length: found.length },
      (_, i) => `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
}

/** Prints one line of data. */
export function print(line: string): void {
  output.data(`${visible(line)}\n`)
}

/** Prints a message for the person at the terminal. */
export function tell(message: string): void {
  output.messages(`${visible(message)}\n`)
}

/** Prints why a command failed. */
export function tellFailure(error: Error): void {
  tell(`${paint('red', 'error:', process.stderr)} ${error.message}`)
  if (process.env['SLUICEBOX_TRACE'] !== undefined) tell(error.stack ?? '')
}

const COLOURS = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

/** Colours text for the given stream, unless it is not a terminal or NO_COLOR is set. */
export function paint(
  colour: keyof typeof COLOURS,
  text: string,
  stream: NodeJS.WriteStream = process.stdout,
): string {
  const isPlain = !stream.isTTY || (process.env['NO_COLOR'] ?? '') !== ''
  return isPlain ? text : `\u001B[${COLOURS[colour]}m${text}\u001B[0m`
}

export interface Progress {
  /** Share of the work that is done, 0 to 1, and the text to show beside it. */
  update(share: number, note?: string): void
  stop(): void
}

const QUIET_MS = 1000

/**
 * A bar on standard error that appears once the work has taken over a second. It prints nothing where that is not a
 * terminal.
 */
export function progress(label: string): Progress {
  if (!process.stderr.isTTY) return { update() {}, stop() {} }
  const begun = Date.now()
  let bar: SingleBar | undefined
  return {
    update(share, note = '') {
      if (bar === undefined) {
        if (Date.now() - begun < QUIET_MS) return
        bar = new SingleBar(
          { format: `${label} {bar} {percentage} % {note}`, hideCursor: true, clearOnComplete: true },
          Presets.shades_classic,
        )
        bar.start(100, 0, { note })
      }
      bar.update(Math.floor(share * 100), { note })
    },
    stop() {
      bar?.stop()
    },
  }
}

/** Rows as columns, the first row the heading; numbers to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows
    .map(row =>
      row
        .map((cell, column) =>
          isNumeric(cell) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function isNumeric(cell: string): boolean {
  return /^[-+]?[\d.,]+( ?[%µmkM]?[sB]?)?$/.test(cell)
}
