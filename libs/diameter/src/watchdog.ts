/**
 * The watchdog of one connection (RFC 3539 §3.4.1) as a pure table. `pending` means that a DWR waits for its DWA,
 * `count` counts the DWA of a connection that came back.
 */

export const WATCHDOG_STATES = ['initial', 'okay', 'suspect', 'down', 'reopen'] as const
export type WatchdogState = (typeof WATCHDOG_STATES)[number]

export interface Watchdog {
  readonly state: WatchdogState
  readonly pending: boolean
  readonly count: number
}

export const WATCHDOG_EVENTS = ['up', 'dwa', 'message', 'timer', 'lost'] as const
export type WatchdogEvent = (typeof WATCHDOG_EVENTS)[number]

export type WatchdogEffect =
  | 'setTimer'
  | 'sendDwr'
  | 'failover' // nothing new goes there; what may be moved is moved
  | 'failback' // it may be used again
  | 'close'

interface Row {
  readonly state: WatchdogState
  readonly event: WatchdogEvent
  /** Guards; absent ones do not matter. */
  readonly pending?: boolean
  readonly count?: 'reached' | 'lapsed' | 'counting'
  readonly next: Partial<Watchdog>
  readonly effects: readonly WatchdogEffect[]
}

/** A connection that came back is used after this many DWA and one more. */
const ENOUGH = 2
/** Count of a REOPEN that has missed one DWA. */
const LAPSED = -1

/** The first row that fits. Opening a lost connection again is the peer's own timer (Tc), not the watchdog's. */
export const WATCHDOG_TABLE: readonly Row[] = [
  {
    state: 'initial',
    event: 'up',
    next: { state: 'okay', pending: false },
    effects: ['setTimer', 'failback'],
  },
  { state: 'okay', event: 'dwa', next: { pending: false }, effects: ['setTimer'] },
  { state: 'okay', event: 'message', next: {}, effects: ['setTimer'] },
  {
    state: 'okay',
    event: 'timer',
    pending: false,
    next: { pending: true },
    effects: ['sendDwr', 'setTimer'],
  },
  {
    state: 'okay',
    event: 'timer',
    pending: true,
    next: { state: 'suspect' },
    effects: ['failover', 'setTimer'],
  },
  { state: 'okay', event: 'lost', next: { state: 'down', pending: false }, effects: ['failover'] },
  {
    state: 'suspect',
    event: 'dwa',
    next: { state: 'okay', pending: false },
    effects: ['failback', 'setTimer'],
  },
  { state: 'suspect', event: 'message', next: { state: 'okay' }, effects: ['failback', 'setTimer'] },
  { state: 'suspect', event: 'timer', next: { state: 'down', pending: false }, effects: ['close'] },
  { state: 'suspect', event: 'lost', next: { state: 'down', pending: false }, effects: [] },
  {
    state: 'down',
    event: 'up',
    next: { state: 'reopen', count: 0, pending: true },
    effects: ['sendDwr', 'setTimer'],
  },
  {
    state: 'reopen',
    event: 'dwa',
    count: 'reached',
    next: { state: 'okay', pending: false, count: 0 },
    effects: ['failback', 'setTimer'],
  },
  { state: 'reopen', event: 'dwa', next: { pending: false }, effects: [] },
  { state: 'reopen', event: 'message', next: {}, effects: [] },
  {
    state: 'reopen',
    event: 'timer',
    pending: false,
    next: { pending: true },
    effects: ['sendDwr', 'setTimer'],
  },
  {
    state: 'reopen',
    event: 'timer',
    pending: true,
    count: 'counting',
    next: { count: LAPSED },
    effects: ['setTimer'],
  },
  {
    state: 'reopen',
    event: 'timer',
    pending: true,
    count: 'lapsed',
    next: { state: 'down', pending: false },
    effects: ['close'],
  },
  { state: 'reopen', event: 'lost', next: { state: 'down', pending: false }, effects: [] },
]

export const INITIAL_WATCHDOG: Watchdog = { state: 'initial', pending: false, count: 0 }

/** An event without a row changes nothing. */
export function watchdogTransition(
  watchdog: Watchdog,
  event: WatchdogEvent,
): { readonly next: Watchdog; readonly effects: readonly WatchdogEffect[] } {
  const row = WATCHDOG_TABLE.find(
    (it) =>
      it.state === watchdog.state &&
      it.event === event &&
      (it.pending === undefined || it.pending === watchdog.pending) &&
      (it.count === undefined || fits(it.count, watchdog.count)),
  )
  if (row === undefined) return { next: watchdog, effects: [] }
  const count = row.next.count ?? watchdog.count
  const counted =
    row.state === 'reopen' && event === 'dwa' && row.next.state === undefined ? count + 1 : count
  return { next: { ...watchdog, ...row.next, count: counted }, effects: row.effects }
}

function fits(guard: NonNullable<Row['count']>, count: number): boolean {
  switch (guard) {
    case 'reached':
      return count >= ENOUGH
    case 'lapsed':
      return count === LAPSED
    case 'counting':
      return count >= 0
  }
}
