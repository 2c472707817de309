import { bad, type Finding, good, warn } from './finding.ts'
import { sentenceOf } from './reach.ts'

/** Deadlines travel between machines: a second of difference is a second less for a phone. */
const SKEW_WARN_MS = 1_500
const SKEW_BAD_MS = 3_000

interface Readiness {
  readonly ready: boolean
  readonly parts: Readonly<Record<string, string>>
}

/** A running service by its HTTP side: what it waits for, and how far its clock is from ours. */
export async function examineService(url: string, timeoutMs: number): Promise<Finding[]> {
  const subject = `service ${url}`
  try {
    const askedAtMs = Date.now()
    const response = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(timeoutMs) })
    const { ready, parts } = (await response.json()) as Readiness
    const missing = Object.entries(parts).filter(([, state]) => state !== 'ok')
    const told = missing.map(([name, state]) => `${name}: ${state}`).join('; ')
    const skew = clockOf(subject, response.headers.get('date'), askedAtMs, Date.now())
    return [ready ? good(subject, 'ready') : bad(subject, told, 'what it names'), ...skew]
  } catch (error) {
    return [bad(subject, sentenceOf(error as Error), 'the address, and whether the process runs')]
  }
}

/** HTTP tells the time in whole seconds: half a second is added for that. */
function clockOf(subject: string, date: string | null, beforeMs: number, afterMs: number): Finding[] {
  if (date === null) return []
  const theirs = Date.parse(date) + 500
  const skewMs = Math.max(0, beforeMs - theirs, theirs - afterMs)
  const detail = `its clock and ours differ by about ${(skewMs / 1000).toFixed(1)} s`
  const remedy = 'synchronise the clocks of all nodes (chrony)'
  if (skewMs >= SKEW_BAD_MS) return [bad(`${subject}, clock`, detail, remedy)]
  return skewMs >= SKEW_WARN_MS
    ? [warn(`${subject}, clock`, detail, remedy)]
    : [good(`${subject}, clock`, 'as ours')]
}
