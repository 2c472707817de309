import type { DecodeError } from '@ipsmgw/bytes'
import type { NotSentReason, Problem } from '@ipsmgw/tcap'
import type { MapError } from './errors.ts'
import type { MapVersion } from './messages.ts'
import type { Argument, OperationName, Result } from './operations.ts'

/** Why an operation was certainly not executed: another node or path may be tried. */
export type NotExecuted =
  /** The message that carried the operation did not leave. */
  | { readonly reason: 'notSent'; readonly sendReason: NotSentReason }
  /** The network gave that very message back (UDTS). */
  | { readonly reason: 'returned'; readonly returnCause: number }
  /** The peer refused the dialogue as its first answer, and no version is left to try. */
  | { readonly reason: 'refused' }
  /** The peer's transaction layer aborted as its first answer. */
  | { readonly reason: 'abortedAtOnce'; readonly pAbortCause: number }
  /** An empty BEGIN was not accepted, so that the operation never left. */
  | { readonly reason: 'neverOpened' }

/** Why nobody can say whether an operation was executed: it is never sent again. */
export type UnknownReason =
  | 'timeout'
  | 'aborted' // by the peer, or by the network after the dialogue was accepted
  | 'noAnswer' // the dialogue ended without one
  | 'malformed' // the answer cannot be read
  | 'closed' // this side was shut down

interface Answered {
  readonly version: MapVersion
  /** What the HLR told beside the answer. */
  readonly inform?: Argument<'informServiceCentre'>
  /** The parameter of the answer cannot be read; the answer itself stands. */
  readonly fault?: DecodeError
}

/** What became of an operation. The kinds keep apart what is proved and what is not. */
export type MapOutcome<N extends OperationName> =
  | ({ readonly kind: 'result'; readonly result: Result<N> | undefined } & Answered)
  | ({ readonly kind: 'error'; readonly error: MapError } & Answered)
  | ({ readonly kind: 'rejected'; readonly problem: Problem } & Answered)
  | ({ readonly kind: 'notExecuted' } & NotExecuted)
  | { readonly kind: 'unknown'; readonly reason: UnknownReason }
