/**
 * Non-INVITE transactions as pure tables: state by event gives the next state and the effects, in order. Nothing
 * here reads a clock or a socket; timers arrive as events under the names of RFC 3261 §17.
 */

export const SERVER_STATES = ['trying', 'proceeding', 'completed', 'terminated'] as const
/** RFC 3261 §17.2.2, figure 8. */
export type ServerState = (typeof SERVER_STATES)[number]

export const SERVER_EVENTS = [
  'retransmission', // the same request again
  'timerTrying', // time for the 100: RFC 4320 §4.1
  'timerExpiry', // 64·T1 after the first reception: the client has given up
  'final', // the core answers
  'timerJ',
  'transportError', // the response could not be sent
] as const
export type ServerEvent = (typeof SERVER_EVENTS)[number]

export type ServerEffect =
  | 'sendTrying'
  | 'sendFinal'
  | 'repeatFinal'
  | 'startExpiry'
  | 'startJ'
  | 'discardFinal'
  | 'reportExpired'
  | 'reportTransportError'
  | 'destroy'

export interface Step<S, E> {
  readonly next: S
  readonly effects: readonly E[]
}

type ServerStep = Step<ServerState, ServerEffect>

const step = <S extends string, E extends string>(next: S, ...effects: E[]): Step<S, E> => ({ next, effects })

const GONE: ServerStep = step('terminated')

/**
 * An event outside the procedure leaves the state as it is. A final after `expiry` finds `terminated`: nothing
 * goes out late (RFC 4320 §4.2). Timer J is 0 on reliable transports, see `serverTransition`.
 */
export const SERVER_TABLE: Readonly<Record<ServerState, Readonly<Record<ServerEvent, ServerStep>>>> = {
  trying: {
    retransmission: step('trying'),
    timerTrying: step('proceeding', 'sendTrying', 'startExpiry'),
    timerExpiry: step('terminated', 'reportExpired', 'destroy'),
    final: step('completed', 'sendFinal', 'startJ'),
    timerJ: step('trying'),
    transportError: step('terminated', 'reportTransportError', 'destroy'),
  },
  proceeding: {
    retransmission: step('proceeding', 'sendTrying'),
    timerTrying: step('proceeding'),
    timerExpiry: step('terminated', 'reportExpired', 'destroy'),
    final: step('completed', 'sendFinal', 'startJ'),
    timerJ: step('proceeding'),
    transportError: step('terminated', 'reportTransportError', 'destroy'),
  },
  completed: {
    retransmission: step('completed', 'repeatFinal'),
    timerTrying: step('completed'),
    timerExpiry: step('completed'),
    final: step('completed', 'discardFinal'),
    timerJ: step('terminated', 'destroy'),
    transportError: step('terminated', 'reportTransportError', 'destroy'),
  },
  terminated: {
    retransmission: GONE,
    timerTrying: GONE,
    timerExpiry: GONE,
    final: step('terminated', 'discardFinal'),
    timerJ: GONE,
    transportError: GONE,
  },
}

/** On reliable transports Timer J is zero: the final ends the transaction. */
const RELIABLE_FINAL: ServerStep = step('terminated', 'sendFinal', 'destroy')

/** RFC 3261 §17.2.2 with the timing of RFC 4320 §4. */
export function serverTransition(state: ServerState, event: ServerEvent, reliable: boolean): ServerStep {
  const next = SERVER_TABLE[state][event]
  return reliable && event === 'final' && next.next === 'completed' && state !== 'completed'
    ? RELIABLE_FINAL
    : next
}

export const CLIENT_STATES = ['trying', 'proceeding', 'completed', 'terminated'] as const
/** RFC 3261 §17.1.2, figure 6. */
export type ClientState = (typeof CLIENT_STATES)[number]

export const CLIENT_EVENTS = [
  'start',
  'timerE',
  'timerF',
  'timerK',
  'provisional',
  'final',
  'transportError',
] as const
export type ClientEvent = (typeof CLIENT_EVENTS)[number]

export type ClientEffect =
  | 'sendRequest'
  | 'repeatRequest'
  | 'startE'
  | 'startF'
  | 'startK'
  | 'deliverProvisional'
  | 'deliverFinal'
  | 'reportTimeout'
  | 'reportTransportError'
  | 'destroy'

type ClientStep = Step<ClientState, ClientEffect>

const ENDED: ClientStep = step('terminated')
const TIMEOUT: ClientStep = step('terminated', 'reportTimeout', 'destroy')
const FAILED: ClientStep = step('terminated', 'reportTransportError', 'destroy')
const ANSWERED: ClientStep = step('completed', 'deliverFinal', 'startK')

export const CLIENT_TABLE: Readonly<Record<ClientState, Readonly<Record<ClientEvent, ClientStep>>>> = {
  trying: {
    start: step('trying', 'sendRequest', 'startF', 'startE'),
    timerE: step('trying', 'repeatRequest', 'startE'),
    timerF: TIMEOUT,
    timerK: step('trying'),
    provisional: step('proceeding', 'deliverProvisional'),
    final: ANSWERED,
    transportError: FAILED,
  },
  proceeding: {
    start: step('proceeding'),
    timerE: step('proceeding', 'repeatRequest', 'startE'),
    timerF: TIMEOUT,
    timerK: step('proceeding'),
    provisional: step('proceeding', 'deliverProvisional'),
    final: ANSWERED,
    transportError: FAILED,
  },
  completed: {
    start: step('completed'),
    timerE: step('completed'),
    timerF: step('completed'),
    timerK: step('terminated', 'destroy'),
    provisional: step('completed'),
    final: step('completed'),
    transportError: step('completed'),
  },
  terminated: {
    start: ENDED,
    timerE: ENDED,
    timerF: ENDED,
    timerK: ENDED,
    provisional: ENDED,
    final: ENDED,
    transportError: ENDED,
  },
}

const RELIABLE_START: ClientStep = step('trying', 'sendRequest', 'startF')
const RELIABLE_ANSWERED: ClientStep = step('terminated', 'deliverFinal', 'destroy')

/** RFC 3261 §17.1.2.2: on reliable transports there is no Timer E and Timer K is zero. */
export function clientTransition(state: ClientState, event: ClientEvent, reliable: boolean): ClientStep {
  const next = CLIENT_TABLE[state][event]
  if (!reliable) return next
  if (next === ANSWERED) return RELIABLE_ANSWERED
  return event === 'start' && state === 'trying' ? RELIABLE_START : next
}

/** Next interval of Timer E: doubled up to T2 in Trying, T2 in Proceeding (RFC 3261 §17.1.2.2). */
export function nextTimerE(
  state: ClientState,
  previousMs: number,
  timers: { t1Ms: number; t2Ms: number },
): number {
  if (state === 'proceeding') return timers.t2Ms
  return previousMs === 0 ? timers.t1Ms : Math.min(2 * previousMs, timers.t2Ms)
}
