import type { Cause } from '@ipsmgw/causes'
import type { ServingNode, SmsmiCorrelation } from '@ipsmgw/events'

/** One part on its way to one serving node. */
export interface PartForward {
  readonly node: ServingNode
  readonly imsi: string
  /** Of a user without a number. */
  readonly correlation?: SmsmiCorrelation | undefined
  /** SMS-DELIVER octets. */
  readonly tpdu: Buffer
  readonly part: number
  readonly parts: number
  /** Another part follows on the same way. */
  readonly moreMessagesToSend: boolean
  readonly startedAtMs: number
}

/** What became of one part. Only `delivered`, `refused` and `not-sent` are certain. */
export type ForwardResult =
  | { readonly kind: 'delivered'; readonly detail?: string }
  /** The network or the phone answered with an error; libs/causes says what it proves. */
  | {
      readonly kind: 'refused'
      readonly cause: Cause
      /** The phone itself refused (TP-FCS): proof, whatever the cause says in general. */
      readonly proof?: boolean
      readonly detail?: string
      /** Why an absent phone is absent (TS 23.040 §3.3.2). */
      readonly diagnostic?: number
      readonly retryAfterSeconds?: number
    }
  /** Provably nothing left this process, or the network gave that very message back. */
  | { readonly kind: 'not-sent'; readonly cause: Cause; readonly detail: string }
  /** It left and no answer came: it is never sent again. */
  | { readonly kind: 'unknown'; readonly detail: string }

/** The parts of one message on their way to one node, one after another. */
export interface ForwardSession {
  forward(part: PartForward): Promise<ForwardResult>
  /** No part follows: what was kept open for the next one may end. */
  close(): void
}

/** A way to serving nodes: SGd, MAP. */
export interface Forwarder {
  session(): ForwardSession
  /** False: its last path is gone, so that no answer can come now. Absent: a lost path ends what was on it by itself. */
  reachable?(): boolean
}

/** The identity of a node for reports, bulkheads and learned times. */
export function nodeName(node: ServingNode): string {
  return node.host ?? `${node.kind}:${node.number ?? 'unknown'}`
}
