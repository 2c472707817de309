import type { SipRequest } from './message.ts'

/** What kind of rule the octets break. */
export type SipParseCode =
  | 'startLine'
  | 'version'
  | 'headerSyntax'
  | 'headerValue'
  | 'missingHeader'
  | 'duplicateHeader'
  | 'uri'
  | 'contentLength'
  | 'truncated'
  | 'tooLarge'

/** The status a UAS answers with when octets break a rule of that kind. */
const STATUS_OF: Record<SipParseCode, number> = {
  startLine: 400,
  version: 505,
  headerSyntax: 400,
  headerValue: 400,
  missingHeader: 400,
  duplicateHeader: 400,
  uri: 400,
  contentLength: 400,
  truncated: 400,
  tooLarge: 513,
}

/**
 * Octets that are no acceptable SIP message (RFC 3261 §21.4.1, §21.5.6, §21.5.7).
 *
 * `what` names the element (`Via`, `Request-URI`, `CSeq`), `offset` counts octets from the start of what the
 * parser was given (of the value, for a lazily read header), `status` is the answer a UAS would give.
 * `partial` is there when enough of a request was read to address that answer; without it the input is dropped.
 */
export class SipParseError extends Error {
  override readonly name = 'SipParseError'
  readonly retryable = false
  readonly code: SipParseCode
  readonly what: string
  readonly offset: number
  readonly detail: string
  readonly status: number
  partial: SipRequest | undefined

  constructor(code: SipParseCode, what: string, offset: number, detail: string) {
    super(`SIP: ${what} at octet ${offset}: ${detail}`)
    this.code = code
    this.what = what
    this.offset = offset
    this.detail = detail
    this.status = STATUS_OF[code]
  }
}

/** Runs a value parser; its fault gets the name of the header it was reading. */
export function parseWithin<T>(what: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof SipParseError && error.what === '') {
      throw new SipParseError(error.code, what, error.offset, error.detail)
    }
    throw error
  }
}
