/** How a chunk ends (RFC 4975 §7.1): the message is complete, goes on, or is given up. */
export const Continuation = { complete: '$', more: '+', aborted: '#' } as const
export type Continuation = (typeof Continuation)[keyof typeof Continuation]

/** A request without its body. Header names keep their case; the first of several counts. */
export interface MsrpHead {
  readonly transactionId: string
  readonly toPath: readonly string[]
  readonly fromPath: readonly string[]
  /** In order, To-Path and From-Path included. */
  readonly headers: readonly (readonly [name: string, value: string])[]
}

export interface MsrpRequest extends MsrpHead {
  readonly kind: 'request'
  readonly method: string
  /** Undefined: there is none, which is not the same as an empty one. */
  readonly body: Buffer | undefined
  readonly continuation: Continuation
  /** The body was larger than the framer keeps; it was thrown away. */
  readonly oversized: boolean
}

export interface MsrpResponse extends MsrpHead {
  readonly kind: 'response'
  readonly status: number
  readonly comment: string
}

export type MsrpMessage = MsrpRequest | MsrpResponse

/** Statuses of RFC 4975 §10 that are used here, with their comments. */
export const COMMENTS = {
  200: 'OK',
  400: 'Bad Request',
  403: 'Forbidden',
  408: 'Request Timeout',
  413: 'Message Too Large',
  415: 'Unsupported Media Type',
  423: 'Out Of Bounds',
  481: 'No Such Session',
  501: 'Not Implemented',
  506: 'Session Already In Use',
} as const
export type MsrpStatus = keyof typeof COMMENTS

/** Octets from `start` to `end` (undefined: not known yet) of `total` (undefined: not known), counted from 1 (§7.1). */
export interface ByteRange {
  readonly start: number
  readonly end: number | undefined
  readonly total: number | undefined
}

/** What a sender wants to be told of a message (§7.1.1, §7.1.2). */
export interface ReportRequest {
  readonly success: boolean
  readonly failure: 'yes' | 'no' | 'partial'
}

export interface MsrpLimits {
  /** Start line and headers of one message. */
  readonly headOctets: number
  /** Body of one chunk and of a whole message. Above it 413, and the octets are thrown away. */
  readonly messageOctets: number
  /** Octets of a body that are thrown away before the connection is closed. */
  readonly discardedOctets: number
  /** Messages of one session that are under way at the same time. */
  readonly openMessages: number
  /** Pieces that one message may have that do not touch each other. */
  readonly gaps: number
}

export const DEFAULT_LIMITS: MsrpLimits = {
  headOctets: 8_192,
  messageOctets: 65_535,
  discardedOctets: 1_048_576,
  openMessages: 4,
  gaps: 64,
}
