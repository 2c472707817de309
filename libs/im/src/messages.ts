import type { CpimMessage } from './cpim/messages.ts'

/** What carried the instant message: header field values as received (SIP or MSRP), and the octets. */
export interface BodyInput {
  /** Content-Type; absent or empty with a body is a 400. */
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly contentDisposition?: string | undefined
  /** SIP has none; MSRP and nested parts may. */
  readonly contentTransferEncoding?: string | undefined
  /** Subject of the SIP request; used only with the option `subject: 'prefix'`. */
  readonly subject?: string | undefined
  readonly body: Uint8Array
}

/** Operator switches and limits. Every default is the careful one. */
export interface BodyOptions {
  /** `text/html`: refuse (415), or strip tags and decode entities. Default `reject`. */
  readonly html?: 'reject' | 'strip'
  /** RCS file-transfer and location XML: refuse (415), or deliver the link. Default `reject`. */
  readonly rcsXml?: 'reject' | 'link'
  /** `application/im-iscomposing+xml`: refuse (415), or consume it silently. Default `reject`. */
  readonly isComposing?: 'reject' | 'consume'
  /** Subject of the request or of the CPIM message: ignore, or put `Subject: …` in front. Default `ignore`. */
  readonly subject?: 'ignore' | 'prefix'
  /** Octets of the whole body; above it 413. Default `DEFAULT_LIMITS.bodyOctets`. */
  readonly maxBodyOctets?: number
  /** Multiparts inside each other; above it 413. Default `DEFAULT_LIMITS.depth`. */
  readonly maxDepth?: number
  /** Parts of all multiparts together; above it 413. Default `DEFAULT_LIMITS.parts`. */
  readonly maxParts?: number
}

/** Limits in force when the options do not say otherwise. */
export const DEFAULT_LIMITS = {
  bodyOctets: 65_536,
  depth: 4,
  parts: 16,
  cpimDepth: 2,
  headerLines: 64,
  headerLineOctets: 4096,
} as const

/** The dispositions of RFC 5438 and of the CPM extension that this gateway knows. */
export const Disposition = {
  positiveDelivery: 'positive-delivery',
  negativeDelivery: 'negative-delivery',
  processing: 'processing',
  display: 'display',
  interworking: 'interworking',
} as const
export type Disposition = (typeof Disposition)[keyof typeof Disposition]

/** A disposition notification asked for in a way that can be answered: message id and date are there. */
export interface ImdnRequest {
  readonly messageId: string
  /** DateTime of the message, exactly as received: the notification echoes it. */
  readonly dateTime: string
  readonly dispositions: readonly Disposition[]
  /** IMDN-Record-Route URIs in the order received. */
  readonly recordRoute: readonly string[]
  readonly originalTo?: string
}

/** Text to deliver. */
export interface TextBody {
  readonly ok: true
  readonly kind: 'text'
  /** NFC, LF line ends, no C0 control but LF and TAB, never empty. */
  readonly text: string
  /** Media type that the (first) text came from, lower case. */
  readonly mediaType: string
  readonly cpim?: CpimMessage
  readonly imdn?: ImdnRequest
}

/** A disposition notification for the SMS user: answer 200, consume, count. */
export interface NotificationBody {
  readonly ok: true
  readonly kind: 'notification'
  readonly cpim?: CpimMessage
}

/** Something without text that the options say to answer 200 and drop (an is-composing indication). */
export interface ConsumedBody {
  readonly ok: true
  readonly kind: 'consumed'
  readonly mediaType: string
  readonly cpim?: CpimMessage
}

/** Why a body was refused; one word for the metric and the log, no content of the message. */
export type BodyFault =
  | 'empty'
  | 'missingContentType'
  | 'malformedHeader'
  | 'malformedCpim'
  | 'malformedMultipart'
  | 'malformedTransferEncoding'
  | 'malformedText'
  | 'tooLarge'
  | 'tooDeep'
  | 'tooManyParts'
  | 'unsupportedType'
  | 'unsupportedCharset'
  | 'unsupportedTransferEncoding'
  | 'unsupportedContentEncoding'
  | 'unsupportedDisposition'
  | 'unsupportedRequire'
  | 'encrypted'

/** A refusal as the SIP answer it becomes (RFC 3261 §21.4.11, §21.4.13, RFC 3428 §7). */
export interface RefusedBody {
  readonly ok: false
  readonly status: 400 | 413 | 415 | 493
  readonly reason: BodyFault
  /** Value of Accept, with 415 for a type. */
  readonly accept?: string
  /** Value of Accept-Encoding, with 415 for a Content-Encoding. */
  readonly acceptEncoding?: string
  /** Text for Warning 399: printable ASCII without quote or backslash. */
  readonly warning: string
}

export type BodyResult = TextBody | NotificationBody | ConsumedBody | RefusedBody
