import type { DecodeError } from '@ipsmgw/bytes'

export const PROTOCOL = 'TCAP'

/** Message type tags (Q.773 §4.2.1). */
export const MessageTag = {
  unidirectional: 0x61,
  begin: 0x62,
  end: 0x64,
  continue: 0x65,
  abort: 0x67,
} as const
export type MessageType = keyof typeof MessageTag

/** Component type tags (Q.773 §4.2.2.1). */
export const ComponentTag = {
  invoke: 0xa1,
  returnResultLast: 0xa2,
  returnError: 0xa3,
  reject: 0xa4,
  returnResultNotLast: 0xa7,
} as const

/** P-abort causes (Q.773 §4.2.1.3). */
export const PAbortCause = {
  unrecognizedMessageType: 0,
  unrecognizedTransactionId: 1,
  badlyFormattedTransactionPortion: 2,
  incorrectTransactionPortion: 3,
  resourceLimitation: 4,
} as const

/** What a reject is about, with its tag (Q.773 §4.2.2.6). */
export const ProblemTag = { general: 0x80, invoke: 0x81, returnResult: 0x82, returnError: 0x83 } as const
export type ProblemType = keyof typeof ProblemTag

export const GeneralProblem = {
  unrecognizedComponent: 0,
  mistypedComponent: 1,
  badlyStructuredComponent: 2,
} as const

export const InvokeProblem = {
  duplicateInvokeId: 0,
  unrecognizedOperation: 1,
  mistypedParameter: 2,
  resourceLimitation: 3,
  initiatingRelease: 4,
  unrecognizedLinkedId: 5,
  linkedResponseUnexpected: 6,
  unexpectedLinkedOperation: 7,
} as const

export const ReturnResultProblem = {
  unrecognizedInvokeId: 0,
  returnResultUnexpected: 1,
  mistypedParameter: 2,
} as const

export const ReturnErrorProblem = {
  unrecognizedInvokeId: 0,
  returnErrorUnexpected: 1,
  unrecognizedError: 2,
  unexpectedError: 3,
  mistypedParameter: 4,
} as const

export interface Problem {
  readonly type: ProblemType
  /** Values of the future stay numbers. */
  readonly code: number
}

/** A local operation or error code, or a global one in dotted form. */
export type Code = number | string

export interface Invoke {
  readonly kind: 'invoke'
  /** -128 to 127. */
  readonly invokeId: number
  readonly linkedId?: number
  readonly operation: Code
  /** The whole parameter element. */
  readonly parameter?: Uint8Array
}

export interface ReturnResult {
  readonly kind: 'returnResultLast' | 'returnResultNotLast'
  readonly invokeId: number
  /** Absent together with the parameter. */
  readonly operation?: Code
  readonly parameter?: Uint8Array
}

export interface ReturnError {
  readonly kind: 'returnError'
  readonly invokeId: number
  readonly error: Code
  readonly parameter?: Uint8Array
}

export interface Reject {
  readonly kind: 'reject'
  /** Undefined: the rejected component had no readable invoke id. */
  readonly invokeId: number | undefined
  readonly problem: Problem
}

/** A component that cannot be read. Those after it are not looked at. Never encoded. */
export interface MalformedComponent {
  readonly kind: 'malformed'
  readonly invokeId: number | undefined
  readonly problem: Problem
  readonly fault: DecodeError
}

export type Component = Invoke | ReturnResult | ReturnError | Reject
export type ReceivedComponent = Component | MalformedComponent

/** EXTERNAL with a direct reference and one ASN.1 value (X.690 §8.18). */
export interface External {
  /** Abstract syntax, dotted. */
  readonly syntax: string
  /** The whole element inside single-ASN1-type. */
  readonly value: Uint8Array
}

/** Q.773 §4.2.3. `result` 0 accepted, 1 reject permanent. */
export type DialogueApdu =
  | {
      readonly apdu: 'AARQ'
      readonly applicationContext: string
      readonly userInformation?: readonly External[]
    }
  | {
      readonly apdu: 'AARE'
      readonly applicationContext: string
      readonly result: number
      readonly diagnostic: { readonly source: 'user' | 'provider'; readonly code: number }
      readonly userInformation?: readonly External[]
    }
  | {
      readonly apdu: 'ABRT'
      readonly source: 'user' | 'provider'
      readonly userInformation?: readonly External[]
    }
  /** Unidirectional dialogues only. */
  | {
      readonly apdu: 'AUDT'
      readonly applicationContext: string
      readonly userInformation?: readonly External[]
    }
export type Aarq = Extract<DialogueApdu, { apdu: 'AARQ' }>
export type Aare = Extract<DialogueApdu, { apdu: 'AARE' }>
export type Abrt = Extract<DialogueApdu, { apdu: 'ABRT' }>

export const AssociateResult = { accepted: 0, rejectPermanent: 1 } as const

/** Diagnostics of an AARE (Q.773 §4.2.3). */
export const UserDiagnostic = { null: 0, noReason: 1, contextNotSupported: 2 } as const
export const ProviderDiagnostic = { null: 0, noReason: 1, noCommonDialoguePortion: 2 } as const

interface Portions<C> {
  readonly dialogue?: DialogueApdu
  readonly components: readonly C[]
}

/** Transaction ids are 1 to 4 octets, kept as received. */
export type Message<C> =
  | ({ readonly type: 'unidirectional' } & Portions<C>)
  | ({ readonly type: 'begin'; readonly otid: Uint8Array } & Portions<C>)
  | ({ readonly type: 'continue'; readonly otid: Uint8Array; readonly dtid: Uint8Array } & Portions<C>)
  | ({ readonly type: 'end'; readonly dtid: Uint8Array } & Portions<C>)
  | {
      readonly type: 'abort'
      readonly dtid: Uint8Array
      readonly pAbortCause?: number
      readonly dialogue?: DialogueApdu
    }

/** A message to send. */
export type TcapMessage = Message<Component>
/** A message as read. */
export type ReceivedMessage = Message<ReceivedComponent>
