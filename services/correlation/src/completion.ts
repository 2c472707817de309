import { answerFor, type Cause } from '@ipsmgw/causes'
import type { MessageCompleted, SipFinalStatus, TimelineEntry } from '@ipsmgw/events'
import type { Unsettled } from './decided.ts'
import { deliveredBy, type MessageState, type Verdict } from './message-state.ts'

export interface FinalOptions {
  /** Host name in Warning headers. */
  readonly host: string
  /** Operator's own SIP status per cause. */
  readonly statusOverrides: Readonly<Partial<Record<Cause, number>>>
}

/** What the records say so far, once they have said something. */
export type Decision = Exclude<Verdict, { readonly kind: 'open' }>

export const UNKNOWN: Decision = { kind: 'failed', cause: 'outcomeUnknown', outcome: 'unknown' }
/** The peer's time for a 202 has come; the forward goes on. */
export const EARLY: Decision = { ...UNKNOWN }

export function causeOf(decision: Decision): Cause {
  return decision.kind === 'failed' ? decision.cause : 'delivered'
}

/** The SIP final of a decision. */
export function finalOf(
  decision: Decision,
  received: MessageState['received'],
  { host, statusOverrides }: FinalOptions,
): SipFinalStatus {
  const cause = causeOf(decision)
  // What the operator makes of an unknown outcome is for answerBy; before it the forward is still under way.
  if (decision === EARLY) return answerFor(cause, { host })
  if (cause === 'outcomeUnknown' && received?.answer.unknownOutcome === 480)
    return answerFor(cause, { host, overrides: { outcomeUnknown: 480 } })
  return answerFor(cause, { host, overrides: statusOverrides }, decision.kind === 'failed' ? decision : {})
}

/** The record of a decision. */
export function completionOf(
  state: MessageState,
  decision: Decision,
  final: SipFinalStatus,
  decidedAtMs: number,
): MessageCompleted {
  const { envelope, received } = state
  const cause = causeOf(decision)
  const answered: TimelineEntry = { step: 'answered', by: 'correlation', atMs: decidedAtMs, cause }
  return {
    kind: 'completion',
    messageId: envelope.messageId,
    recipientKey: envelope.recipientKey,
    ...(envelope.traceparent !== undefined && { traceparent: envelope.traceparent }),
    outcome: decision.kind === 'failed' ? decision.outcome : 'delivered',
    cause,
    partsDelivered: state.acknowledged,
    parts: state.parts,
    receivedAtMs: envelope.receivedAtMs,
    decidedAtMs,
    final,
    ...received?.parties,
    ...deliveredBy(state),
    timeline: [...state.timeline, answered],
  }
}

/** What the reports say of a decided message that its completion does not; undefined: nothing new. */
export function amendmentOf({ completion, state, entriesWritten }: Unsettled, decision: Decision) {
  const outcome = decision.kind === 'delivered' ? 'delivered' : decision.outcome
  if (outcome === 'unknown' || outcome === completion.outcome) return undefined
  const amendment: MessageCompleted = {
    ...completion,
    kind: 'amendment',
    outcome,
    cause: causeOf(decision),
    partsDelivered: state.acknowledged,
    parts: state.parts,
    ...deliveredBy(state),
    timeline: state.timeline.slice(entriesWritten),
  }
  return amendment
}
