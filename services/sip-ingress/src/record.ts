import type { ImReceived } from '@ipsmgw/events'
import type { KeyMaker } from '@ipsmgw/numbering'
import { type SipRequest, type SipSource, utf8View } from '@ipsmgw/sip'
import { forwardWithinMs } from './clocks.ts'
import type { Arrival, Examined } from './examine.ts'

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
  const earlyAnswerMs = peer.earlyAnswerMs ?? policy.answer.earlyAnswerMs
  const { kind: _, ...content } = examined
  return {
    messageId,
    recipientKey: keys.keyOf(canonical(examined.recipient)),
    receivedAtMs: now,
    answerByMs: now + budgetMs,
    forwardByMs: now + forwardWithinMs(budgetMs),
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
