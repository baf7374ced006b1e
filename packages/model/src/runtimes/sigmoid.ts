/** The probability of log-odds. Never leaves [0, 1], never overflows. */
export function sigmoid(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds))
}
