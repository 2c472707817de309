import { type Decision, UNKNOWN } from './completion.ts'
import type { MessageState } from './message-state.ts'

/** When an own tick shows that nothing can have been forwarded: no clock says any more that there is time. */
export function provenAtMs({ forwardByMs }: MessageState, clockSkewMs: number): number {
  return forwardByMs + clockSkewMs
}

/** Early answer, the moment to ask for a tick, or answerBy: whatever is next. */
export function nextLookMs(state: MessageState, nowMs: number, clockSkewMs: number): number {
  const { answerByMs } = state.envelope
  const earlyAtMs = state.received?.answer.earlyAtMs ?? answerByMs
  const nextMs = Math.max(Math.min(earlyAtMs, answerByMs), nowMs)
  const tickAtMs = provenAtMs(state, clockSkewMs)
  return tickAtMs > nowMs && tickAtMs < nextMs ? tickAtMs : nextMs
}

/** The peer wants its 202 by now, whatever is still under way. */
export function isEarly({ received }: MessageState, nowMs: number): boolean {
  const earlyAtMs = received?.answer.earlyAtMs
  return earlyAtMs !== undefined && nowMs >= earlyAtMs
}

/**
 * At answerBy: certainly not sent only if an own tick, produced after forwardBy, has been read behind all reports and
 * none of them said *attempted*. Everything else is unknown.
 */
export function lateDecision(state: MessageState, tickReadMs: number, clockSkewMs: number): Decision {
  if (state.attempted === 0 && tickReadMs >= provenAtMs(state, clockSkewMs))
    return { kind: 'failed', cause: 'expiredBeforeForward', outcome: 'failed' }
  return UNKNOWN
}
