import { type ConfigProblem, problemsOf } from '@ipsmgw/config'
import { type Policy, policyFor } from '@ipsmgw/policy'
import type { PeerConfig } from './peers.ts'

/** Part of the budget that is kept for the answer, and its floor. */
const RESERVE_SHARE = 0.2
const RESERVE_FLOOR_MS = 2_000

/** How long after arrival part 1 may start, when the answer is due after `answerByMs`. */
export function forwardWithinMs(answerByMs: number): number {
  return answerByMs - Math.max(RESERVE_FLOOR_MS, answerByMs * RESERVE_SHARE)
}

/**
 * Peers whose clocks leave no time in which a message could be sent. `firstPartMs` is what a node that has shown nothing
 * yet is given; only a process that delivers as well knows it.
 */
export function checkClocks(
  sip: { readonly answerByMs: number; readonly peers: readonly PeerConfig[] },
  policy: Policy,
  firstPartMs: number | undefined,
): ConfigProblem[] {
  return sip.peers.flatMap((peer) =>
    problemsOf('sip.peers', () => {
      const { name, profile, answerByMs = sip.answerByMs } = peer
      if (forwardWithinMs(answerByMs) <= 0)
        throw new RangeError(
          `answerByMs of peer ${name} is ${answerByMs}, and ${RESERVE_FLOOR_MS} of it are kept for the answer: nothing would be sent. Raise it; a core with a short watchdog is served by earlyAnswerMs`,
        )
      const early = peer.earlyAnswerMs ?? (policyFor(policy, profile) ?? policy).answer.earlyAnswerMs
      if (firstPartMs !== undefined && early === undefined && answerByMs <= firstPartMs)
        throw new RangeError(
          `answerByMs of peer ${name} is ${answerByMs}, and delivery.firstPartMs expects ${firstPartMs} of a node: nothing would be sent. Give it earlyAnswerMs and a longer answerByMs`,
        )
    }),
  )
}
