import type { Envelope, MessageCompleted, SipFinal } from '@ipsmgw/events'
import { type MessageState, newMessage, resumedFrom, type Transaction, writtenIn } from './message-state.ts'

/** What every copy of a message is told. */
export type Answer = Pick<SipFinal, 'messageId' | 'cause' | 'final' | 'result' | 'traceparent'>

/** A decision whose outcome may still change: a result comes late, or a certainty proves wrong. */
export interface Unsettled {
  readonly completion: MessageCompleted
  readonly state: MessageState
  /** Entries of its timeline that the completion already holds. */
  readonly entriesWritten: number
}

/**
 * A message that has its decision. Many are remembered, for copies that join late, and most are settled: those keep
 * their answer and little else.
 */
export interface Decided {
  readonly answer: Answer
  readonly receivedAtMs: number
  readonly reply: Envelope['reply']
  /** Live transactions wait until the completion is durable. */
  durable: boolean
  transactions: readonly Transaction[]
  unsettled: Unsettled | undefined
}

/** A decision made here and now: not durable yet. */
export function decidedNow(completion: MessageCompleted, state: MessageState): Decided {
  const isSettled = completion.outcome === 'delivered'
  return {
    answer: answerIn(completion),
    receivedAtMs: completion.receivedAtMs,
    reply: state.envelope.reply,
    durable: false,
    transactions: state.transactions,
    unsettled: isSettled
      ? undefined
      : { completion, state: { ...state, received: undefined }, entriesWritten: state.timeline.length },
  }
}

/** A decision read again, a predecessor's or our own; `state`: what else is known of the message by now. */
export function decidedBefore(completion: MessageCompleted, state: MessageState | undefined): Decided {
  const known = state ?? newMessage(envelopeFrom(completion))
  const isSettled = completion.outcome !== 'unknown'
  return {
    answer: answerIn(completion),
    receivedAtMs: known.envelope.receivedAtMs,
    reply: known.envelope.reply,
    durable: true,
    transactions: known.transactions,
    unsettled: isSettled
      ? undefined
      : {
          completion,
          state: resumedFrom(completion, known),
          entriesWritten: writtenIn(completion).length,
        },
  }
}

export function answerIn(completion: MessageCompleted): Answer {
  const { messageId, cause, final, outcome, partsDelivered, parts, traceparent } = completion
  const result = { outcome, partsDelivered, parts }
  return { messageId, cause, final, result, ...(traceparent !== undefined && { traceparent }) }
}

/** Enough of an envelope for a decision that was made by a predecessor. */
function envelopeFrom(completion: MessageCompleted): Envelope {
  return {
    messageId: completion.messageId,
    recipientKey: completion.recipientKey,
    receivedAtMs: completion.receivedAtMs,
    answerByMs: completion.decidedAtMs,
    forwardByMs: completion.decidedAtMs,
    reply: { ordinal: 0, bootId: '' },
  }
}
