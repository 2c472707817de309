import {
  type HeaderEntry,
  headerKey,
  type IncomingRequest,
  parseDatagram,
  type RespondOutcome,
  type ResponseDetail,
  type ServerTransactionHandle,
  SipParseError,
  SipRequest,
  type SipSource,
  serializeRequest,
} from '@ipsmgw/sip'

/** Headers of an INVITE that speak of the session and not of the message in it. */
const SESSION_HEADERS: ReadonlySet<string> = new Set([
  ...[
    'cseq',
    'contact',
    'record-route',
    'allow',
    'supported',
    'accept',
    'session-expires',
    'min-se',
    'expires',
  ],
  ...['content-type', 'content-length', 'content-disposition', 'content-encoding', 'require', 'mime-version'],
])

/**
 * The message of a session as the MESSAGE it would have been: sender, recipient and privacy are those of the INVITE.
 * Throws EncodeError or SipParseError for a content type that is no header value.
 */
export function messageOf(invite: SipRequest, contentType: string | undefined, octets: Buffer): SipRequest {
  const headers = [...invite.headers].filter(([name]) => !SESSION_HEADERS.has(headerKey(name)))
  const own: HeaderEntry[] = [['CSeq', `${invite.cseq.number} MESSAGE`]]
  if (contentType !== undefined) own.push(['Content-Type', contentType])
  const text = serializeRequest('MESSAGE', invite.uriText, [...headers, ...own], octets)
  const message = parseDatagram(Buffer.from(text, 'latin1'))
  if (message instanceof SipRequest) return message
  throw new SipParseError('startLine', 'start-line', 0, 'no request')
}

/** Stands in for the transaction of the MESSAGE: its final goes to the session. */
export class SessionTransaction implements ServerTransactionHandle {
  readonly method = 'MESSAGE'
  finalStatus: number | undefined
  readonly #invite: ServerTransactionHandle
  readonly #onFinal: (status: number, headers: readonly HeaderEntry[]) => void

  constructor(
    invite: ServerTransactionHandle,
    onFinal: (status: number, headers: readonly HeaderEntry[]) => void,
  ) {
    this.#invite = invite
    this.#onFinal = onFinal
  }

  get receivedAtMs(): number {
    return this.#invite.receivedAtMs
  }

  get connectionOpen(): boolean {
    return true
  }

  get source(): SipSource {
    return this.#invite.source
  }

  get toTag(): string {
    return this.#invite.toTag
  }

  respond(status: number, _reason?: string, detail?: ResponseDetail): RespondOutcome {
    if (this.finalStatus !== undefined) return 'discarded'
    this.finalStatus = status
    const { headers = [] } = detail ?? {}
    this.#onFinal(status, Array.isArray(headers) ? (headers as readonly HeaderEntry[]) : [])
    return 'sent'
  }

  forward(): RespondOutcome {
    return 'forbidden'
  }

  /** The message with this transaction behind it. */
  carry(message: SipRequest): IncomingRequest {
    return {
      message,
      source: this.source,
      transaction: this,
      mergedWith: undefined,
      respond: (status, reason, detail) => this.respond(status, reason, detail),
      forwardHeaders: () => [],
    }
  }
}
