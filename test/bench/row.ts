import type { Reference } from './reference.ts'

/** One measured figure. */
export interface Row {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** The same kind of work done by plain code, measured in the same run. */
  readonly reference?: Reference
  /** What it must reach, at least or at most: the ratio to the reference where there is one, otherwise the value. */
  readonly target?: { readonly min: number } | { readonly max: number }
}

export function isReached(row: Row): boolean {
  if (row.target === undefined) return true
  const measured = ratioOf(row) ?? row.value
  return 'min' in row.target ? measured >= row.target.min : measured <= row.target.max
}

function ratioOf({ value, reference }: Row): number | undefined {
  return reference === undefined ? undefined : value / reference.value
}

/** The rows as a Markdown table, so that it can be in a page as it is. */
export function formatRows(rows: readonly Row[]): string {
  const cells = [
    ['what', 'measured', 'unit', 'reference', 'ratio', 'target', ''],
    ...rows.map(row => {
      const ratio = ratioOf(row)
      const unit = ratio === undefined ? '' : ' ×'
      return [
        row.name,
        format(row.value),
        row.unit,
        row.reference === undefined ? '' : `${format(row.reference.value)}, ${row.reference.name}`,
        ratio === undefined ? '' : `${format(ratio)}${unit}`,
        row.target === undefined
          ? ''
          : 'min' in row.target
            ? `≥ ${format(row.target.min)}${unit}`
            : `≤ ${format(row.target.max)}${unit}`,
        row.target === undefined ? '' : isReached(row) ? 'reached' : 'MISSED',
      ]
    }),
  ]
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map(row => row[column]?.length ?? 0))) ?? []
  const lines = cells.map(
    row => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  )
  lines.splice(1, 0, `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`)
  return lines.join('\n')
}

function format(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-GB')
  return String(Number(value.toPrecision(3)))
}
