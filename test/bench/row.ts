/** One measured figure. */
export interface Row {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What it must reach: at least, or at most. */
  readonly target?: { readonly min: number } | { readonly max: number }
  /** Measured beside it in the same run, as value ÷ that: for figures that mean little across machines. */
  readonly ratio?: { readonly to: string; readonly value: number }
}

export function isReached({ value, target }: Row): boolean {
  if (target === undefined) return true
  return 'min' in target ? value >= target.min : value <= target.max
}

/** The rows as a Markdown table, so that it can be in a page as it is. */
export function formatRows(rows: readonly Row[]): string {
  const cells = [
    ['what', 'measured', 'unit', 'target', ''],
    ...rows.map(row => [
      row.ratio === undefined ? row.name : `${row.name} (${row.ratio.value.toFixed(2)} × ${row.ratio.to})`,
      format(row.value),
      row.unit,
      row.target === undefined
        ? ''
        : 'min' in row.target
          ? `≥ ${format(row.target.min)}`
          : `≤ ${format(row.target.max)}`,
      row.target === undefined ? '' : isReached(row) ? 'reached' : 'MISSED',
    ]),
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
