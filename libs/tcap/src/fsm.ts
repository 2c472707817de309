/**
 * The transaction of a structured dialogue as a pure table (Q.774 §3, annex A): state by event gives the next state
 * and the effects, in order. Nothing here reads a clock or a socket.
 */

export const DIALOGUE_STATES = [
  'idle',
  'initiationSent',
  'initiationReceived',
  'active',
  'terminated',
] as const
export type DialogueState = (typeof DIALOGUE_STATES)[number]

export const DIALOGUE_EVENTS = [
  // requests of the user
  'userBegin',
  'userContinue',
  'userEnd',
  'userEndPrearranged',
  'userAbort',
  // from the network
  'begin',
  'continue',
  'end',
  'abort',
  'notice', // a message of ours came back
  'malformed', // for this dialogue, but its transaction or dialogue portion cannot be read
  // from within
  'sendRefused', // the message that this event asked for did not leave
  'guardExpiry', // nothing happened for too long
] as const
export type DialogueEvent = (typeof DIALOGUE_EVENTS)[number]

export type DialogueEffect =
  | 'sendBegin'
  | 'sendContinue'
  | 'sendEnd'
  | 'sendAbort'
  | 'sendProviderAbort'
  | 'startGuard'
  | 'deliver' // the message to the user
  | 'reportNotice'
  | 'reportMalformed'
  | 'reportTimeout'
  | 'forbid' // the user may not ask for this now
  | 'discard'
  | 'release'

export interface Step {
  readonly next: DialogueState
  readonly effects: readonly DialogueEffect[]
}

const step = (next: DialogueState, ...effects: DialogueEffect[]): Step => ({ next, effects })

type Row = Readonly<Record<DialogueEvent, Step>>

/** Answers of a state that knows no event: each state below names its exceptions. */
function otherwise(state: DialogueState, exceptions: Partial<Row>): Row {
  const forbidden = step(state, 'forbid')
  const discarded = step(state, 'discard')
  return {
    userBegin: forbidden,
    userContinue: forbidden,
    userEnd: forbidden,
    userEndPrearranged: forbidden,
    userAbort: forbidden,
    begin: discarded,
    continue: discarded,
    end: discarded,
    abort: discarded,
    notice: discarded,
    malformed: discarded,
    sendRefused: discarded,
    guardExpiry: discarded,
    ...exceptions,
  }
}

/**
 * In `initiationSent` the peer's transaction id is not known: ending or aborting sends nothing (Q.774 §3.3.3). In
 * `initiationReceived` the peer does not know ours: nothing can come from it. A message of ours that comes back
 * ends the dialogue at once, since it lost a message.
 */
export const DIALOGUE_TABLE: Readonly<Record<DialogueState, Row>> = {
  idle: otherwise('idle', {
    userBegin: step('initiationSent', 'sendBegin', 'startGuard'),
    begin: step('initiationReceived', 'startGuard', 'deliver'),
    userEndPrearranged: step('terminated', 'release'),
    userAbort: step('terminated', 'release'),
  }),
  initiationSent: otherwise('initiationSent', {
    userEnd: step('terminated', 'release'),
    userEndPrearranged: step('terminated', 'release'),
    userAbort: step('terminated', 'release'),
    continue: step('active', 'startGuard', 'deliver'),
    end: step('terminated', 'release', 'deliver'),
    abort: step('terminated', 'release', 'deliver'),
    notice: step('terminated', 'release', 'reportNotice'),
    malformed: step('terminated', 'sendProviderAbort', 'release', 'reportMalformed'),
    sendRefused: step('terminated', 'release'),
    guardExpiry: step('terminated', 'release', 'reportTimeout'),
  }),
  initiationReceived: otherwise('initiationReceived', {
    userContinue: step('active', 'sendContinue', 'startGuard'),
    userEnd: step('terminated', 'sendEnd', 'release'),
    userEndPrearranged: step('terminated', 'release'),
    userAbort: step('terminated', 'sendAbort', 'release'),
    guardExpiry: step('terminated', 'sendAbort', 'release', 'reportTimeout'),
  }),
  active: otherwise('active', {
    userContinue: step('active', 'sendContinue', 'startGuard'),
    userEnd: step('terminated', 'sendEnd', 'release'),
    userEndPrearranged: step('terminated', 'release'),
    userAbort: step('terminated', 'sendAbort', 'release'),
    continue: step('active', 'startGuard', 'deliver'),
    end: step('terminated', 'release', 'deliver'),
    abort: step('terminated', 'release', 'deliver'),
    notice: step('terminated', 'release', 'reportNotice'),
    malformed: step('terminated', 'sendProviderAbort', 'release', 'reportMalformed'),
    sendRefused: step('active'),
    guardExpiry: step('terminated', 'sendAbort', 'release', 'reportTimeout'),
  }),
  terminated: otherwise('terminated', {}),
}

export function dialogueTransition(state: DialogueState, event: DialogueEvent): Step {
  return DIALOGUE_TABLE[state][event]
}

export const INVOCATION_EVENTS = ['resultNotLast', 'resultLast', 'error', 'reject', 'timeout'] as const
export type InvocationEvent = (typeof INVOCATION_EVENTS)[number]

/**
 * What becomes of an invocation of ours (Q.774 §3.2.1.1.3): `deliver` and go on, `finish` (deliver and forget),
 * `unexpected` (forget, and reject the peer's component), or `expire`: nothing came, which is a failure (class 1), a
 * success (2), or nothing to tell (3 and 4).
 */
export type InvocationStep = 'deliver' | 'finish' | 'unexpected' | 'expire'
export type OperationClass = 1 | 2 | 3 | 4

/** Operation class by event (Q.771 §3.1.3.2): 1 result and error, 2 error only, 3 result only, 4 neither. */
export const INVOCATION_TABLE: Readonly<
  Record<OperationClass, Readonly<Record<InvocationEvent, InvocationStep>>>
> = {
  1: { resultNotLast: 'deliver', resultLast: 'finish', error: 'finish', reject: 'finish', timeout: 'expire' },
  2: {
    resultNotLast: 'unexpected',
    resultLast: 'unexpected',
    error: 'finish',
    reject: 'finish',
    timeout: 'expire',
  },
  3: {
    resultNotLast: 'deliver',
    resultLast: 'finish',
    error: 'unexpected',
    reject: 'finish',
    timeout: 'expire',
  },
  4: {
    resultNotLast: 'unexpected',
    resultLast: 'unexpected',
    error: 'unexpected',
    reject: 'finish',
    timeout: 'expire',
  },
}
