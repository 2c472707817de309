/** What a look at one thing has shown. */
export interface Finding {
  readonly subject: string
  /** `bad` keeps messages from passing, `warn` will one day or under load. */
  readonly state: 'good' | 'warn' | 'bad'
  readonly detail: string
  /** What to do about it. */
  readonly remedy?: string
}

export const good = (subject: string, detail: string): Finding => ({ subject, state: 'good', detail })
export const warn = (subject: string, detail: string, remedy: string): Finding => ({
  subject,
  state: 'warn',
  detail,
  remedy,
})
export const bad = (subject: string, detail: string, remedy: string): Finding => ({
  subject,
  state: 'bad',
  detail,
  remedy,
})

const MARKS = { good: 'good', warn: 'WARN', bad: 'BAD ' } as const

/** The last line: how it stands. */
export function summary(findings: readonly Finding[]): string {
  const count = (state: Finding['state']) => findings.filter((it) => it.state === state).length
  const [bad, warned] = [count('bad'), count('warn')]
  if (bad > 0)
    return `${bad} bad${warned > 0 ? `, ${warned} to watch` : ''}: messages do not pass, or not all of them`
  return warned > 0 ? `nothing bad, ${warned} to watch` : `all ${findings.length} good`
}

/** A finding for people: one line, and one more for what to do. */
export function tell({ subject, state, detail, remedy }: Finding): string {
  const line = `${MARKS[state]}  ${subject}: ${detail}`
  return remedy === undefined ? line : `${line}\n        ${remedy}`
}
