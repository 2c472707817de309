/**
 * The peer state machine (RFC 6733 §5.6) as a pure table: state by event gives the next state and the effects, in
 * order. I is the connection that we opened, R the one that the peer opened. A CER arrives here only after it was
 * checked; a bad one is answered and closed before.
 */

export const PEER_STATES = [
  'closed',
  'waitConnAck',
  'waitICea',
  'waitConnAckElect',
  'waitReturns',
  'rOpen',
  'iOpen',
  'closing',
] as const
export type PeerState = (typeof PEER_STATES)[number]

export const PEER_EVENTS = [
  'start',
  'iConnected',
  'iRefused',
  'iCea', // success, from the right host
  'iOther', // anything else before the CEA
  'iLost',
  'rCer', // a good CER on a connection that the peer opened
  'rLost',
  'won', // the election: ours is the greater Origin-Host
  'dpr',
  'dpa',
  'stop',
  'timeout',
] as const
export type PeerEvent = (typeof PEER_EVENTS)[number]

export type PeerEffect =
  | 'connect'
  | 'startConnectTimer'
  | 'startCapabilitiesTimer'
  | 'startDisconnectTimer'
  | 'sendCer'
  | 'adoptR' // the accepted connection becomes R, its CEA waits
  | 'sendCea' // on R
  | 'elect'
  | 'openI'
  | 'openR'
  | 'rejectR' // the new one; R stays
  | 'closeI'
  | 'closeR'
  | 'sendDpr'
  | 'sendDpa'
  | 'ended' // no connection any more: try again later, if this side does

export interface PeerStep {
  readonly next: PeerState
  readonly effects: readonly PeerEffect[]
}

const step = (next: PeerState, ...effects: PeerEffect[]): PeerStep => ({ next, effects })

/** Events that are not listed leave the state as it is: they are late, or of a connection that is gone. */
export const PEER_TABLE: Readonly<Record<PeerState, Readonly<Partial<Record<PeerEvent, PeerStep>>>>> = {
  closed: {
    start: step('waitConnAck', 'connect', 'startConnectTimer'),
    rCer: step('rOpen', 'adoptR', 'sendCea', 'openR'),
  },
  waitConnAck: {
    iConnected: step('waitICea', 'sendCer', 'startCapabilitiesTimer'),
    iRefused: step('closed', 'closeI', 'ended'),
    rCer: step('waitConnAckElect', 'adoptR'),
    stop: step('closed', 'closeI', 'ended'),
    timeout: step('closed', 'closeI', 'ended'),
  },
  waitICea: {
    iCea: step('iOpen', 'openI'),
    iOther: step('closed', 'closeI', 'ended'),
    iLost: step('closed', 'closeI', 'ended'),
    rCer: step('waitReturns', 'adoptR', 'elect'),
    stop: step('closed', 'closeI', 'ended'),
    timeout: step('closed', 'closeI', 'ended'),
  },
  waitConnAckElect: {
    iConnected: step('waitReturns', 'sendCer', 'startCapabilitiesTimer', 'elect'),
    iRefused: step('rOpen', 'closeI', 'sendCea', 'openR'),
    rCer: step('waitConnAckElect', 'rejectR'),
    rLost: step('waitConnAck', 'closeR'),
    stop: step('closed', 'closeI', 'closeR', 'ended'),
    timeout: step('closed', 'closeI', 'closeR', 'ended'),
  },
  waitReturns: {
    won: step('rOpen', 'closeI', 'sendCea', 'openR'),
    iLost: step('rOpen', 'closeI', 'sendCea', 'openR'),
    iOther: step('rOpen', 'closeI', 'sendCea', 'openR'),
    iCea: step('iOpen', 'closeR', 'openI'),
    rCer: step('waitReturns', 'rejectR'),
    rLost: step('waitICea', 'closeR'),
    stop: step('closed', 'closeI', 'closeR', 'ended'),
    timeout: step('closed', 'closeI', 'closeR', 'ended'),
  },
  rOpen: {
    rCer: step('rOpen', 'rejectR'),
    rLost: step('closed', 'closeR', 'ended'),
    dpr: step('closing', 'sendDpa', 'startDisconnectTimer'),
    stop: step('closing', 'sendDpr', 'startDisconnectTimer'),
  },
  iOpen: {
    rCer: step('iOpen', 'rejectR'),
    iLost: step('closed', 'closeI', 'ended'),
    dpr: step('closing', 'sendDpa', 'startDisconnectTimer'),
    stop: step('closing', 'sendDpr', 'startDisconnectTimer'),
  },
  closing: {
    rCer: step('closing', 'rejectR'),
    dpr: step('closing', 'sendDpa'),
    dpa: step('closed', 'closeI', 'closeR', 'ended'),
    iLost: step('closed', 'closeI', 'ended'),
    rLost: step('closed', 'closeR', 'ended'),
    timeout: step('closed', 'closeI', 'closeR', 'ended'),
  },
}

export function peerTransition(state: PeerState, event: PeerEvent): PeerStep {
  return PEER_TABLE[state][event] ?? { next: state, effects: [] }
}

/** Whether we win the election (RFC 6733 §5.6.4): the greater Origin-Host as lower-case octets. */
export function winsElection(ownHost: string, peerHost: string): boolean {
  return ownHost.toLowerCase() > peerHost.toLowerCase()
}
