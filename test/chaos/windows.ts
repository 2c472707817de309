import type { Attempt, Told } from './front.ts'

/** A time in which a process stood still, Unix milliseconds. */
export interface Freeze {
  readonly fromMs: number
  readonly toMs: number
}

/** When an ingress answers by itself if nobody has told it anything: answerBy and a second, from its arrival there. */
const GUARD_MS = 26_000
/** What a process that has thawed takes to answer what it owes. */
const AWAKE_AFTER_MS = 1_000

/**
 * The named window (docs/guarantees.md) in which a sender hears nothing from the gateway; undefined: there is none.
 * Every instance that holds the request at the end must be in it: either it stands still then, or it got the request
 * so late, from an instance that died or stood still, that its own timer is beyond the sender's.
 */
export function silentWindow(
  { sentAtMs, attempts }: Pick<Told, 'sentAtMs' | 'attempts'>,
  patienceMs: number,
  freezesOf: (instance: string) => readonly Freeze[],
): 'frozen ingress' | 'moved late' | undefined {
  const endMs = sentAtMs + patienceMs
  // The sender's own timer may be a moment before its patience is counted as over: nobody had answered.
  const open = attempts.filter(({ toMs }) => toMs === undefined || toMs >= endMs)
  const late = (attempt: Attempt) => arrivalOf(attempt, freezesOf(attempt.instance)) + GUARD_MS >= endMs
  const frozen = ({ instance }: Attempt) =>
    freezesOf(instance).some(({ fromMs, toMs }) => fromMs < endMs && endMs < toMs + AWAKE_AFTER_MS)
  if (open.length === 0 || !open.every((attempt) => frozen(attempt) || late(attempt))) return undefined
  return open.some(frozen) ? 'frozen ingress' : 'moved late'
}

/** A request that reaches a process that stands still has arrived when it thaws. */
function arrivalOf({ fromMs }: Attempt, freezes: readonly Freeze[]): number {
  const during = freezes.find((freeze) => freeze.fromMs <= fromMs && fromMs < freeze.toMs)
  return during?.toMs ?? fromMs
}
