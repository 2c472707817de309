import type { DecodeError } from '@ipsmgw/bytes'
import type { SccpAddress, UnitDataRefusal } from '@ipsmgw/sccp'
import type { Dialogue } from './dialogue.ts'
import type { Aare, Aarq, Abrt, Code, Component, External, Problem } from './messages.ts'

/** TC-L-REJECT: a component of the peer that was refused here; the reject goes out with the next message. */
export interface LocalReject {
  readonly kind: 'localReject'
  readonly invokeId: number | undefined
  readonly problem: Problem
  /** What could not be read, when that is the reason. */
  readonly fault?: DecodeError
}

export type IndicatedComponent = Component | LocalReject

/**
 * How a dialogue ended without an END of either side. `established`: the peer had answered before, so that what we
 * sent since may have been executed.
 */
export type DialogueFailure =
  /** The peer refused the dialogue as such: nothing of it was executed. Its first answer by definition. */
  | { readonly kind: 'refused'; readonly aare: Aare; readonly established: boolean }
  | { readonly kind: 'providerAbort'; readonly cause: number; readonly established: boolean }
  | { readonly kind: 'userAbort'; readonly abrt: Abrt | undefined; readonly established: boolean }
  /** A message of ours came back. `invokeIds`: the invocations it carried, undefined when that cannot be told. */
  | {
      readonly kind: 'notice'
      readonly returnCause: number
      readonly invokeIds: readonly number[] | undefined
      readonly established: boolean
    }
  /** The peer's message cannot be read. */
  | { readonly kind: 'malformed'; readonly fault: DecodeError; readonly established: boolean }
  /** The idle guard ran out. */
  | { readonly kind: 'timeout'; readonly established: boolean }
  /** This TCAP was closed. */
  | { readonly kind: 'closed'; readonly established: boolean }

/**
 * Whether a failure proves that the peer executed nothing of what the dialogue's first message carried. Of a later
 * message nothing is proved, except that one which came back was not executed: see `invokeIds` of a notice.
 */
export function executedNothing(failure: DialogueFailure): boolean {
  switch (failure.kind) {
    case 'refused':
    case 'providerAbort':
    case 'notice':
      return !failure.established
    case 'userAbort':
    case 'malformed':
    case 'timeout':
    case 'closed':
      return false
  }
}

export type DialogueIndication =
  | {
      readonly kind: 'continue' | 'end'
      /** The first answer of the peer confirms the dialogue; absent when the peer left it out. */
      readonly aare: Aare | undefined
      readonly components: readonly IndicatedComponent[]
    }
  | DialogueFailure
  /** TC-L-CANCEL: no answer to an invocation in its time. The dialogue goes on. */
  | { readonly kind: 'invokeTimeout'; readonly invokeId: number }

/** The user of one dialogue. Called once per indication; the dialogue may be used from within. */
export type DialogueUser = (indication: DialogueIndication) => void

/** TC-BEGIN indication. */
export interface BeginIndication {
  readonly called: SccpAddress
  readonly calling: SccpAddress
  readonly aarq: Aarq | undefined
  readonly components: readonly IndicatedComponent[]
}

/** The user of a subsystem: takes the dialogues that others begin. */
export interface TcapUser {
  /** Gives the user of the new dialogue. */
  onBegin(dialogue: Dialogue, indication: BeginIndication): DialogueUser
}

/** An operation to be invoked. */
export interface InvokeRequest {
  readonly operation: Code
  readonly parameter?: Uint8Array
  /** From the moment the component leaves. */
  readonly timeoutMs: number
  /** Default 1. */
  readonly class?: 1 | 2 | 3 | 4
  readonly linkedId?: number
}

/** How to abort: with a word of the user (ABRT), as a refusal (AARE), or as the transaction layer does. */
export type AbortReason =
  | { readonly userInformation?: readonly External[] }
  | { readonly refuse: Omit<Aare, 'apdu' | 'result'> }
  | { readonly pAbortCause: number }

/** Why a message did not leave. Nothing of it reached the network. */
export type NotSentReason =
  | UnitDataRefusal
  | 'forbidden' // the state of the dialogue does not allow it
  | 'tooManyDialogues'
  | 'closed'

export type SendOutcome =
  /** `deferred`: the components stay queued for the next message, since they would have made this one too long. */
  | { readonly sent: true; readonly deferred: boolean }
  | { readonly sent: false; readonly reason: NotSentReason }

/** What happened, for counters. */
export type TcapEvent =
  | 'begun' // by us
  | 'accepted' // a BEGIN of a peer
  | 'refusedFull' // a BEGIN of a peer, for lack of room
  | 'unknownTransaction'
  | 'foreignTransaction'
  | 'undecodable'
  | 'discarded' // a message that the state of its dialogue does not allow, or a unidirectional one
  | 'componentRejected'
  | 'returned' // UDTS
  | 'timeout'
