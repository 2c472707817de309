/** One measured figure beside its baseline, both of the same run. */
export interface Figure {
  readonly what: string
  /** The named input, with its size. */
  readonly input: string
  readonly value: number
  readonly unit: string
  readonly baseline?: { readonly name: string; readonly value: number }
  /** What the project promises; `atMost` when small is good. */
  readonly target?:
    | { readonly atLeast: number }
    | { readonly atMost: number }
    | { readonly ratioAtLeast: number }
    | { readonly ratioAtMost: number }
}

const ROUND_MS = Number(process.env.BENCH_ROUND_MS ?? 500)
const ROUNDS = 5

/** Operations a second, the best of several rounds: noise of a shared machine only ever slows down. */
export function perSecond(operation: () => unknown): number {
  let batch = 1
  while (milliseconds(operation, batch) < 5) batch *= 2
  let best = 0
  for (let round = 0; round < ROUNDS; round++) {
    let [count, elapsedMs] = [0, 0]
    while (elapsedMs < ROUND_MS) {
      elapsedMs += milliseconds(operation, batch)
      count += batch
    }
    best = Math.max(best, (count / elapsedMs) * 1000)
  }
  return best
}

/** What the operations returned last: a result that is used cannot be optimised away. */
let kept: unknown

function milliseconds(operation: () => unknown, count: number): number {
  const start = performance.now()
  for (let i = 0; i < count; i++) kept = operation()
  if (kept === undefined) throw new Error('the operation returned nothing')
  return performance.now() - start
}

/** Prints the figures as a table; a missed target makes the exit code 1. */
export function report(title: string, figures: readonly Figure[]): void {
  const rows = figures.map((figure) => {
    const { baseline, target, value, unit } = figure
    const ratio = baseline === undefined ? undefined : value / baseline.value
    const reached = target === undefined || meets(target, value, ratio)
    if (!reached) process.exitCode = 1
    return [
      figure.what,
      figure.input,
      `${number(value)} ${unit}`,
      baseline === undefined || ratio === undefined
        ? ''
        : `${number(ratio)} × ${baseline.name} (${number(baseline.value)})`,
      target === undefined ? '' : `${words(target)} ${reached ? 'reached' : 'MISSED'}`,
    ]
  })
  const table = [['what', 'input', 'measured', 'ratio × baseline', 'target'], ...rows]
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  )
  process.stdout.write(`\n${title}\n`)
  for (const row of table)
    process.stdout.write(
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    )
}

function meets(target: NonNullable<Figure['target']>, value: number, ratio: number | undefined): boolean {
  if ('atLeast' in target) return value >= target.atLeast
  if ('atMost' in target) return value <= target.atMost
  if (ratio === undefined) return false
  return 'ratioAtLeast' in target ? ratio >= target.ratioAtLeast : ratio <= target.ratioAtMost
}

function words(target: NonNullable<Figure['target']>): string {
  if ('atLeast' in target) return `≥ ${number(target.atLeast)}`
  if ('atMost' in target) return `≤ ${number(target.atMost)}`
  if ('ratioAtLeast' in target) return `≥ ${number(target.ratioAtLeast)} ×`
  return `≤ ${number(target.ratioAtMost)} ×`
}

function number(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}
