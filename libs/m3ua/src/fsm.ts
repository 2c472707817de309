/**
 * The state machines of RFC 4666 §4.3 as pure tables: state by event gives the next state and the effects, in order.
 * Nothing here reads a clock or a socket; timers arrive as events.
 *
 * Here are the two machines of an ASP: `ASP_TABLE` for the association, `TRAFFIC_TABLE` for each application server on
 * it. Those of the SGP are in `sgp-fsm.ts`.
 */

export interface Step<S, E> {
  readonly next: S
  readonly effects: readonly E[]
}
/** State by event. */
export type StateTable<S extends string, V extends string, E> = Readonly<
  Record<S, Readonly<Record<V, Step<S, E>>>>
>

export const step = <S extends string, E extends string>(next: S, ...effects: E[]): Step<S, E> => ({
  next,
  effects,
})

export const ASP_STATES = ['down', 'goingUp', 'up', 'goingDown'] as const
/** The ASP as it sees itself on one association (RFC 4666 §4.3.4.1, §4.3.4.2). */
export type AspState = (typeof ASP_STATES)[number]

export const ASP_EVENTS = [
  'communicationUp',
  'communicationLost',
  'aspUpAck',
  'aspDownAck',
  'timerAck', // T(ack)
  'exhausted', // T(ack) after the last repetition
  'refused', // ERR that concerns the ASP itself
  'stop',
] as const
export type AspEvent = (typeof ASP_EVENTS)[number]

export type AspEffect =
  | 'sendAspUp'
  | 'sendAspDown'
  | 'startAck'
  | 'stopAck'
  | 'reportUp'
  | 'reportDown'
  | 'drop' // close the association

/** An ASPUP ACK while up says that the SGP holds the ASP inactive now: all traffic is activated again. */
export const ASP_TABLE: StateTable<AspState, AspEvent, AspEffect> = {
  down: {
    communicationUp: step('goingUp', 'sendAspUp', 'startAck'),
    communicationLost: step('down'),
    aspUpAck: step('down'),
    aspDownAck: step('down'),
    timerAck: step('down'),
    exhausted: step('down'),
    refused: step('down'),
    stop: step('down', 'drop'),
  },
  goingUp: {
    communicationUp: step('goingUp'),
    communicationLost: step('down', 'stopAck'),
    aspUpAck: step('up', 'stopAck', 'reportUp'),
    aspDownAck: step('goingUp'),
    timerAck: step('goingUp', 'sendAspUp', 'startAck'),
    exhausted: step('down', 'drop'),
    refused: step('down', 'stopAck', 'drop'),
    stop: step('down', 'stopAck', 'drop'),
  },
  up: {
    communicationUp: step('up'),
    communicationLost: step('down', 'reportDown'),
    aspUpAck: step('up', 'reportUp'),
    aspDownAck: step('goingUp', 'reportDown', 'sendAspUp', 'startAck'),
    timerAck: step('up'),
    exhausted: step('up'),
    refused: step('down', 'reportDown', 'drop'),
    stop: step('goingDown', 'sendAspDown', 'startAck'),
  },
  goingDown: {
    communicationUp: step('goingDown'),
    communicationLost: step('down', 'stopAck', 'reportDown'),
    aspUpAck: step('goingDown'),
    aspDownAck: step('down', 'stopAck', 'reportDown', 'drop'),
    timerAck: step('goingDown', 'sendAspDown', 'startAck'),
    exhausted: step('down', 'reportDown', 'drop'),
    refused: step('down', 'stopAck', 'reportDown', 'drop'),
    stop: step('goingDown'),
  },
}

export const TRAFFIC_STATES = [
  'down', // the ASP is not up
  'registering',
  'activating',
  'active',
  'standby', // override: another ASP carries the traffic
  'refused', // waits for the retry timer
  'deactivating',
  'stopped',
] as const
/** One application server on one association, as the ASP sees it (RFC 4666 §4.3.4.3, §4.3.4.4, §4.4). */
export type TrafficState = (typeof TRAFFIC_STATES)[number]

export const TRAFFIC_EVENTS = [
  'aspUp', // also the retry timer of a refused one
  'aspUpUnregistered', // the same, and its routing key is to be registered first
  'aspDown',
  'registered',
  'aspActiveAck',
  'aspInactiveAck',
  'notifyNotActive', // NTFY AS-INACTIVE or AS-PENDING: no ASP is active there
  'alternateActive', // NTFY: another ASP took over
  'timerAck',
  'exhausted',
  'refused', // ERR that concerns the application server, or a registration refused
  'stop',
] as const
export type TrafficEvent = (typeof TRAFFIC_EVENTS)[number]

export type TrafficEffect =
  | 'sendRegister'
  | 'sendAspActive'
  | 'sendAspInactive'
  | 'startAck'
  | 'stopAck'
  | 'startRetry'
  | 'stopRetry'
  | 'reportActive'
  | 'reportInactive'
  | 'reportStopped'
  | 'drop'

const ACTIVATE = ['sendAspActive', 'startAck'] as const
const REGISTER = ['sendRegister', 'startAck'] as const

export const TRAFFIC_TABLE: StateTable<TrafficState, TrafficEvent, TrafficEffect> = {
  down: {
    aspUp: step('activating', ...ACTIVATE),
    aspUpUnregistered: step('registering', ...REGISTER),
    aspDown: step('down'),
    registered: step('down'),
    aspActiveAck: step('down'),
    aspInactiveAck: step('down'),
    notifyNotActive: step('down'),
    alternateActive: step('down'),
    timerAck: step('down'),
    exhausted: step('down'),
    refused: step('down'),
    stop: step('stopped', 'reportStopped'),
  },
  registering: {
    aspUp: step('activating', 'stopAck', ...ACTIVATE),
    aspUpUnregistered: step('registering', 'stopAck', ...REGISTER),
    aspDown: step('down', 'stopAck'),
    registered: step('activating', 'stopAck', ...ACTIVATE),
    aspActiveAck: step('registering'),
    aspInactiveAck: step('registering'),
    notifyNotActive: step('registering'),
    alternateActive: step('registering'),
    timerAck: step('registering', ...REGISTER),
    exhausted: step('down', 'drop'),
    refused: step('refused', 'stopAck', 'startRetry'),
    stop: step('stopped', 'stopAck', 'reportStopped'),
  },
  activating: {
    aspUp: step('activating', 'stopAck', ...ACTIVATE),
    aspUpUnregistered: step('registering', 'stopAck', ...REGISTER),
    aspDown: step('down', 'stopAck'),
    registered: step('activating'),
    aspActiveAck: step('active', 'stopAck', 'reportActive'),
    aspInactiveAck: step('activating'),
    notifyNotActive: step('activating'),
    alternateActive: step('standby', 'stopAck'),
    timerAck: step('activating', ...ACTIVATE),
    exhausted: step('down', 'drop'),
    refused: step('refused', 'stopAck', 'startRetry'),
    stop: step('deactivating', 'stopAck', 'sendAspInactive', 'startAck'),
  },
  active: {
    aspUp: step('activating', 'reportInactive', ...ACTIVATE),
    aspUpUnregistered: step('registering', 'reportInactive', ...REGISTER),
    aspDown: step('down', 'reportInactive'),
    registered: step('active'),
    aspActiveAck: step('active'),
    aspInactiveAck: step('refused', 'reportInactive', 'startRetry'),
    notifyNotActive: step('activating', 'reportInactive', ...ACTIVATE),
    alternateActive: step('standby', 'reportInactive'),
    timerAck: step('active'),
    exhausted: step('active'),
    refused: step('refused', 'reportInactive', 'startRetry'),
    stop: step('deactivating', 'reportInactive', 'sendAspInactive', 'startAck'),
  },
  standby: {
    aspUp: step('activating', ...ACTIVATE),
    aspUpUnregistered: step('registering', ...REGISTER),
    aspDown: step('down'),
    registered: step('standby'),
    aspActiveAck: step('active', 'reportActive'),
    aspInactiveAck: step('standby'),
    notifyNotActive: step('activating', ...ACTIVATE),
    alternateActive: step('standby'),
    timerAck: step('standby'),
    exhausted: step('standby'),
    refused: step('standby'),
    stop: step('stopped', 'reportStopped'),
  },
  refused: {
    aspUp: step('activating', 'stopRetry', ...ACTIVATE),
    aspUpUnregistered: step('registering', 'stopRetry', ...REGISTER),
    aspDown: step('down', 'stopRetry'),
    registered: step('refused'),
    aspActiveAck: step('active', 'stopRetry', 'reportActive'),
    aspInactiveAck: step('refused'),
    notifyNotActive: step('refused'),
    alternateActive: step('refused'),
    timerAck: step('refused'),
    exhausted: step('refused'),
    refused: step('refused'),
    stop: step('stopped', 'stopRetry', 'reportStopped'),
  },
  deactivating: {
    aspUp: step('deactivating'),
    aspUpUnregistered: step('deactivating'),
    aspDown: step('stopped', 'stopAck', 'reportStopped'),
    registered: step('deactivating'),
    aspActiveAck: step('deactivating'),
    aspInactiveAck: step('stopped', 'stopAck', 'reportStopped'),
    notifyNotActive: step('deactivating'),
    alternateActive: step('deactivating'),
    timerAck: step('deactivating', 'sendAspInactive', 'startAck'),
    exhausted: step('stopped', 'reportStopped'),
    refused: step('stopped', 'stopAck', 'reportStopped'),
    stop: step('deactivating'),
  },
  stopped: {
    aspUp: step('stopped'),
    aspUpUnregistered: step('stopped'),
    aspDown: step('stopped'),
    registered: step('stopped'),
    aspActiveAck: step('stopped'),
    aspInactiveAck: step('stopped'),
    notifyNotActive: step('stopped'),
    alternateActive: step('stopped'),
    timerAck: step('stopped'),
    exhausted: step('stopped'),
    refused: step('stopped'),
    stop: step('stopped'),
  },
}
