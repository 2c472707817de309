import { randomBytes } from 'node:crypto'
import { encodeReport, encodeResponse } from './codec.ts'
import type { Connection, Counterpart } from './connection.ts'
import { type Fingerprint, isAnnounced } from './fingerprint.ts'
import { answers, type MsrpEffect, NOTHING_RECEIVED, type ReceivedMessage, receive } from './fsm.ts'
import type { MsrpLimits, MsrpRequest, MsrpStatus } from './messages.ts'
import type { MsrpTransport } from './sdp.ts'

/** What was agreed about the other side. */
export interface SessionOptions {
  readonly transport: MsrpTransport
  /** Its path, nearest hop first. */
  readonly path: readonly string[]
  /** Certificates that it announced; undefined: an authority has to vouch for it. TLS only. */
  readonly fingerprints: readonly Fingerprint[] | undefined
}

/** What a session tells its owner. */
export interface SessionHandlers {
  onMessage(message: ReceivedMessage, reply: MessageReply): void
  /** The connection that this side was to open cannot be had, or is none of this session to the other side. */
  onUnreachable(): void
}

/** What the sender of a message is told, each thing once. */
export interface MessageReply {
  /** The response to the chunk that made the message whole. Any other than 200 is all there is to tell. */
  respond(status: MsrpStatus): void
  /** What became of a message that was taken: a report, where the sender wants one of that kind (RFC 4975 §7.1.2). */
  report(status: MsrpStatus): void
}

export type SessionEvent = 'messageReceived' | 'requestRefused' | 'reportSent' | 'reportLost'

const TRANSACTION_ID_OCTETS = 8

/** One session on the connection that it has at the time: requests in, responses and reports out. */
export class Session {
  readonly id: string
  readonly uri: string
  readonly options: SessionOptions
  readonly handlers: SessionHandlers
  readonly #limits: MsrpLimits
  readonly #count: (name: SessionEvent) => void
  #receiver = NOTHING_RECEIVED
  connection: Connection | undefined

  constructor(
    own: { readonly id: string; readonly uri: string; readonly limits: MsrpLimits },
    options: SessionOptions,
    handlers: SessionHandlers,
    count: (name: SessionEvent) => void,
  ) {
    this.id = own.id
    this.uri = own.uri
    this.#limits = own.limits
    this.options = options
    this.handlers = handlers
    this.#count = count
  }

  /** RFC 4975 §14.4, RFC 8122 §6: the certificate is the one that was announced, or an authority vouches for it. */
  believes({ transport, certificate, vouchedFor }: Counterpart): boolean {
    const { transport: agreed, fingerprints } = this.options
    if (transport !== agreed) return false
    if (agreed === 'tcp') return true
    if (certificate === undefined) return false
    return fingerprints === undefined ? vouchedFor : isAnnounced(certificate, fingerprints)
  }

  take(request: MsrpRequest, connection: Connection): void {
    this.connection = connection
    const { next, effects } = receive(this.#receiver, request, this.#limits)
    this.#receiver = next
    for (const effect of effects) this.#perform(effect, connection)
  }

  #perform(effect: MsrpEffect, connection: Connection): void {
    if (effect.kind === 'respond') {
      if (effect.status !== 200) this.#count('requestRefused')
      connection.send(encodeResponse(effect.request, effect.status))
    } else if (effect.kind === 'deliver') {
      this.#count('messageReceived')
      this.handlers.onMessage(effect.message, this.#replyTo(effect.message, connection))
    }
  }

  #replyTo(message: ReceivedMessage, connection: Connection): MessageReply {
    const { request } = message
    let responded = false
    let reported = false
    return {
      respond: (status) => {
        if (responded) return
        responded = true
        reported = status !== 200
        for (const effect of answers(request, status)) this.#perform(effect, connection)
      },
      report: (status) => {
        if (reported) return
        reported = true
        const { success, failure } = message.reports
        if (status === 200 ? success : failure !== 'no') this.#report(message, status)
      },
    }
  }

  /** A response belongs to the connection of its request, a report to the session: it may take a new one. */
  #report({ request, messageId, octets }: ReceivedMessage, status: MsrpStatus): void {
    this.#count(this.connection === undefined ? 'reportLost' : 'reportSent')
    this.connection?.send(
      encodeReport({
        transactionId: newTransactionId(),
        toPath: request.fromPath,
        fromPath: request.toPath[0] ?? '',
        messageId,
        totalOctets: octets.length,
        status,
      }),
    )
  }
}

export function newTransactionId(): string {
  return randomBytes(TRANSACTION_ID_OCTETS).toString('hex')
}
