import type { ImReceived } from '@ipsmgw/events'
import type { KeyMaker } from '@ipsmgw/numbering'
import { type SipRequest, type SipSource, utf8View } from '@ipsmgw/sip'
import type { Arrival, Examined } from './examine.ts'

/** Part of the budget that is kept for the answer, and its floor. */
const RESERVE_SHARE = 0.2
const RESERVE_FLOOR_MS = 2_000

/** What a record takes from the instance that makes it. */
export interface RecordOptions {
  readonly answerByMs: number
  /** Where finals are to go; one object for all records. */
  readonly reply: ImReceived['reply']
}

/** The record of an examined request, with both clocks counted from its arrival. */
export function recordOf(
  request: { readonly message: SipRequest; readonly transport: SipSource['transport'] },
  messageId: string,
  examined: Examined,
  { peer, policy, nowMs: now }: Arrival,
  options: RecordOptions,
  keys: KeyMaker,
  traceparent: string | undefined,
): ImReceived {
  const budgetMs = peer.answerByMs ?? options.answerByMs
  const answerByMs = now + budgetMs
  const earlyAnswerMs = peer.earlyAnswerMs ?? policy.answer.earlyAnswerMs
  const { kind: _, ...content } = examined
  return {
    messageId,
    recipientKey: keys.keyOf(canonical(examined.recipient)),
    receivedAtMs: now,
    answerByMs,
    forwardByMs: answerByMs - Math.max(RESERVE_FLOOR_MS, budgetMs * RESERVE_SHARE),
    reply: options.reply,
    sip: {
      callId: utf8View(request.message.callId).slice(0, 512),
      peer: peer.name,
      transport: request.transport,
      ...(peer.profile !== undefined && { profile: peer.profile }),
    },
    ...content,
    ...(traceparent !== undefined && { traceparent }),
    answer: {
      unknownOutcome: peer.unknownOutcome ?? policy.answer.unknownOutcome,
      ...(earlyAnswerMs !== undefined && { earlyAtMs: now + earlyAnswerMs }),
    },
    policyVersion: policy.version,
  }
}

/** What stands for the served user in keys: the number, else user and host in lower case. */
function canonical(recipient: ImReceived['recipient']): string {
  return recipient.number ?? recipient.uri.replace(/[;?].*$/s, '').toLowerCase()
}
