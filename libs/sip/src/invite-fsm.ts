import type { Step } from './fsm.ts'

/**
 * The INVITE server transaction as a pure table (RFC 3261 §17.2.1, figure 7, with the Accepted state of RFC 6026 §7.1)
 * and the repetition of a 2xx until its ACK (§13.3.1.4), which needs the same timers.
 */
export const INVITE_STATES = [
  'proceeding',
  'accepted', // a 2xx left, its ACK has not come
  'acknowledged', // it has; copies of the INVITE are absorbed
  'completed', // another final left
  'confirmed',
  'terminated',
] as const
export type InviteState = (typeof INVITE_STATES)[number]

export const INVITE_EVENTS = [
  'retransmission',
  'timerTrying', // 200 ms without an answer of the core
  'success', // the core answers with 2xx
  'failure', // or with another final
  'ack',
  'timerG', // time to repeat the final
  'timerH', // 64·T1 after the final; Timer L of a 2xx
  'timerI',
  'transportError',
] as const
export type InviteEvent = (typeof INVITE_EVENTS)[number]

export type InviteEffect =
  | 'sendTrying'
  | 'sendFinal'
  | 'repeatFinal'
  | 'startG'
  | 'stopG'
  | 'startH'
  | 'startI'
  | 'discardFinal'
  | 'reportAcknowledged'
  | 'reportUnacknowledged'
  | 'reportTransportError'
  | 'destroy'

type InviteStep = Step<InviteState, InviteEffect>

const step = (next: InviteState, ...effects: InviteEffect[]): InviteStep => ({ next, effects })
const stay = (next: InviteState) => step(next)
const late = (next: InviteState) => step(next, 'discardFinal')
const lost = step('terminated', 'reportTransportError', 'destroy')
const unacknowledged = step('terminated', 'reportUnacknowledged', 'destroy')

export const INVITE_TABLE: Readonly<Record<InviteState, Readonly<Record<InviteEvent, InviteStep>>>> = {
  proceeding: {
    retransmission: step('proceeding', 'sendTrying'),
    timerTrying: step('proceeding', 'sendTrying'),
    success: step('accepted', 'sendFinal', 'startG', 'startH'),
    failure: step('completed', 'sendFinal', 'startG', 'startH'),
    ack: stay('proceeding'),
    timerG: stay('proceeding'),
    timerH: stay('proceeding'),
    timerI: stay('proceeding'),
    transportError: lost,
  },
  accepted: {
    retransmission: stay('accepted'),
    timerTrying: stay('accepted'),
    success: late('accepted'),
    failure: late('accepted'),
    ack: step('acknowledged', 'stopG', 'reportAcknowledged'),
    timerG: step('accepted', 'repeatFinal', 'startG'),
    timerH: unacknowledged,
    timerI: stay('accepted'),
    transportError: unacknowledged,
  },
  acknowledged: {
    retransmission: stay('acknowledged'),
    timerTrying: stay('acknowledged'),
    success: late('acknowledged'),
    failure: late('acknowledged'),
    ack: stay('acknowledged'),
    timerG: stay('acknowledged'),
    timerH: step('terminated', 'destroy'),
    timerI: stay('acknowledged'),
    transportError: stay('acknowledged'),
  },
  completed: {
    retransmission: step('completed', 'repeatFinal'),
    timerTrying: stay('completed'),
    success: late('completed'),
    failure: late('completed'),
    ack: step('confirmed', 'stopG', 'startI'),
    timerG: step('completed', 'repeatFinal', 'startG'),
    timerH: step('terminated', 'destroy'),
    timerI: stay('completed'),
    transportError: lost,
  },
  confirmed: {
    retransmission: stay('confirmed'),
    timerTrying: stay('confirmed'),
    success: late('confirmed'),
    failure: late('confirmed'),
    ack: stay('confirmed'),
    timerG: stay('confirmed'),
    timerH: stay('confirmed'),
    timerI: step('terminated', 'destroy'),
    transportError: stay('confirmed'),
  },
  terminated: {
    retransmission: stay('terminated'),
    timerTrying: stay('terminated'),
    success: late('terminated'),
    failure: late('terminated'),
    ack: stay('terminated'),
    timerG: stay('terminated'),
    timerH: stay('terminated'),
    timerI: stay('terminated'),
    transportError: stay('terminated'),
  },
}

const RELIABLE_FAILURE = step('completed', 'sendFinal', 'startH')
const RELIABLE_CONFIRMED = step('terminated', 'destroy')

/** On reliable transports only a 2xx is repeated, and Timer I is zero (§17.2.1). */
export function inviteTransition(state: InviteState, event: InviteEvent, reliable: boolean): InviteStep {
  if (reliable && state === 'proceeding' && event === 'failure') return RELIABLE_FAILURE
  if (reliable && state === 'completed' && event === 'ack') return RELIABLE_CONFIRMED
  return INVITE_TABLE[state][event]
}
