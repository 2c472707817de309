import type { NodeOutcome } from '@ipsmgw/events'
import type { Cause } from './table.ts'

/** What the home network must know of a cause at a serving node; of every other one nothing (TS 23.040 §9, TS 29.338 §5). */
const REPORTED: Readonly<Partial<Record<Cause, NodeOutcome['outcome']>>> = {
  absentSubscriber: 'absent',
  unidentifiedSubscriber: 'absent',
  memoryCapacityExceeded: 'memory-full',
}

/** Diagnostics of absence (TS 23.040 §3.3.2): the node does not know the phone. */
const UNIDENTIFIED = { msc: 9, mme: 9, smsf: 9, sgsn: 10 } as const satisfies Record<
  NodeOutcome['kind'],
  number
>

export interface NodeEnding {
  readonly cause: Cause
  /** Diagnostic of absence that the node gave. */
  readonly diagnostic?: number
  /** The node said when the phone will listen again: it is known there, and the home network need not. */
  readonly retryGiven?: boolean
}

/** How a failure at a node reads in the report to the home network. */
export function homeOutcomeOf(kind: NodeOutcome['kind'], ending: NodeEnding): NodeOutcome {
  const outcome = REPORTED[ending.cause] ?? 'other'
  if (outcome !== 'absent') return { kind, outcome }
  if (ending.retryGiven === true) return { kind, outcome: 'other' }
  const diagnostic = ending.cause === 'unidentifiedSubscriber' ? UNIDENTIFIED[kind] : ending.diagnostic
  return { kind, outcome, ...(diagnostic !== undefined && { diagnostic }) }
}
