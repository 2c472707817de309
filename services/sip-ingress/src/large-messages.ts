import { EncodeError } from '@ipsmgw/bytes'
import {
  encodeAnswer,
  type MessageReply,
  type MsrpEndpoint,
  type MsrpSession,
  type MsrpStatus,
  type ReceivedMessage,
} from '@ipsmgw/msrp'
import { Deadlines } from '@ipsmgw/runtime'
import {
  Dialog,
  dialogIdOf,
  type HeaderEntry,
  type IncomingRequest,
  type InviteEnd,
  type OutgoingRequest,
  type RequestOutcome,
  type ServerTransactionHandle,
  SipParseError,
  type SipRequest,
  type SipSource,
} from '@ipsmgw/sip'
import { type Refusal, refuse, warning } from './refusal.ts'
import { messageOf, SessionTransaction } from './session-message.ts'
import { examineOffer, type TakenOffer } from './session-offer.ts'

export interface LargeMessagesOptions {
  readonly host: string
  readonly maximumSessions: number
  /** From the INVITE to the whole message, and from the answer to the BYE of the sender. */
  readonly completeWithinMs: number
  readonly maximumOctets: number
}

export interface LargeMessagesDependencies {
  readonly endpoint: MsrpEndpoint
  now(): number
  /** Why a message with these headers would be refused, whatever its text. */
  refusal(message: SipRequest, source: SipSource): Refusal | undefined
  idOf(message: SipRequest): string
  /** Takes a message as if it had come as MESSAGE. */
  take(request: IncomingRequest): void
  request(request: OutgoingRequest): Promise<RequestOutcome>
  refuse(request: IncomingRequest, refusal: Refusal): void
  sessionEnded(end: SessionEnd): void
}

/** How a session ended, for the metric. */
export const SESSION_ENDS = ['bye', 'failed', 'notAcknowledged', 'unreachable', 'expired', 'stopped'] as const
export type SessionEnd = (typeof SESSION_ENDS)[number]

interface Session {
  readonly dialog: Dialog
  readonly invite: SipRequest
  readonly transaction: ServerTransactionHandle
  msrp: MsrpSession | undefined
  /** The message that came in it. */
  message: { readonly id: string; readonly reply: MessageReply } | undefined
}

/** What a message of a session may be. */
const ACCEPTED_TYPES = ['message/cpim', 'text/plain', 'multipart/mixed', 'multipart/alternative']

/**
 * CPM large-message mode: an INVITE opens a session, one message comes over MSRP and goes the way of every other one.
 * The response to its last chunk tells what became of it, or a report when that is known later only; a failure ends the
 * session with BYE.
 */
export class LargeMessages {
  readonly #options: LargeMessagesOptions
  readonly #dependencies: LargeMessagesDependencies
  readonly #sessions = new Map<string, Session>()
  readonly #byTransaction = new Map<ServerTransactionHandle, Session>()
  readonly #byMessage = new Map<string, Session>()
  readonly #deadlines: Deadlines<string>
  #version = 0

  constructor(options: LargeMessagesOptions, dependencies: LargeMessagesDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#deadlines = new Deadlines({ tickMs: 250, now: dependencies.now }, (id) =>
      this.#hangUp(id, 'expired'),
    )
  }

  get size(): number {
    return this.#sessions.size
  }

  /** INVITE and BYE of a peer. */
  handle(request: IncomingRequest): void {
    const { message } = request
    const session = message.to.tag === undefined ? undefined : this.#sessions.get(dialogIdOf(message))
    if (message.method === 'BYE') this.#bye(request, session)
    else if (session !== undefined) this.#refuse(request, refuse(488, 'sessionChange'))
    else this.#invite(request)
  }

  inviteEnded(transaction: ServerTransactionHandle, end: InviteEnd): void {
    const session = this.#byTransaction.get(transaction)
    this.#byTransaction.delete(transaction)
    if (session !== undefined && end === 'unacknowledged') this.#hangUp(session.dialog.id, 'notAcknowledged')
  }

  /** Every session ends; what was taken goes on, and its sender is told by notification. */
  stop(): void {
    for (const id of [...this.#sessions.keys()]) this.#hangUp(id, 'stopped')
    this.#deadlines.close()
  }

  #bye(request: IncomingRequest, session: Session | undefined): void {
    if (session === undefined) {
      this.#refuse(request, refuse(481, 'noDialog'))
      return
    }
    request.respond(200)
    this.#end(session, 'bye')
  }

  #invite(request: IncomingRequest): void {
    const opened = this.#examine(request)
    if (opened.kind === 'refused') {
      this.#refuse(request, opened)
      return
    }
    const { message, transaction, source } = request
    const { offer, agreement, dialog } = opened
    const { endpoint, now } = this.#dependencies
    const { media, setup } = agreement
    const { transport = 'tcp', path, fingerprints } = media
    const session: Session = { dialog, invite: message, transaction, msrp: undefined, message: undefined }
    const msrp = endpoint.open(
      { transport, path, fingerprints },
      {
        onMessage: (received, reply) => this.#message(session, received, reply),
        onUnreachable: () => this.#hangUp(dialog.id, 'unreachable'),
      },
    )
    session.msrp = msrp
    this.#sessions.set(dialog.id, session)
    this.#byTransaction.set(transaction, session)
    this.#deadlines.set(dialog.id, now() + this.#options.completeWithinMs)
    request.respond(200, '', {
      headers: this.#answerHeaders(message, source),
      body: encodeAnswer(offer, media, {
        host: endpoint.host,
        port: endpoint.port(transport),
        path: msrp.uri,
        setup: media.setup === undefined ? undefined : setup,
        fingerprint: transport === 'tls' ? endpoint.fingerprint : undefined,
        acceptTypes: ACCEPTED_TYPES,
        maximumOctets: this.#options.maximumOctets,
        id: ++this.#version,
      }),
    })
    if (setup === 'active') msrp.connect()
  }

  /** What a session needs, or why there is none. */
  #examine(request: IncomingRequest): Refusal | (TakenOffer & { readonly dialog: Dialog }) {
    const { message, source, transaction } = request
    const { host, maximumSessions } = this.#options
    const { endpoint, refusal: refusalOf } = this.#dependencies
    if (message.to.tag !== undefined) return refuse(481, 'noDialog')
    if (this.#sessions.size >= maximumSessions) return refuse(486, 'sessionsFull', [['Retry-After', '10']])
    const refusal = refusalOf(messageOf(message, 'text/plain', Buffer.from('.')), source)
    if (refusal !== undefined) return refusal
    if (message.contacts.length === 0) return refuse(400, 'noContact', [warning(host, 'Contact is needed')])
    const examined = examineOffer(message, endpoint, host)
    return examined.kind === 'refused'
      ? examined
      : { ...examined, dialog: new Dialog(message, transaction.toTag) }
  }

  #answerHeaders(invite: SipRequest, source: SipSource): HeaderEntry[] {
    const { localAddress, localPort, transport } = source
    const host = localAddress.includes(':') ? `[${localAddress}]` : localAddress
    return [
      ...invite.headers.all('record-route').map((value): HeaderEntry => ['Record-Route', value]),
      ['Contact', `<sip:${host}:${localPort};transport=${transport}>`],
      ['Allow', 'INVITE, ACK, CANCEL, BYE, MESSAGE, OPTIONS'],
      ['Content-Type', 'application/sdp'],
    ]
  }

  /** One message a session (CPM); a second one is none that was asked for. */
  #message(session: Session, { contentType, octets }: ReceivedMessage, reply: MessageReply): void {
    if (session.message !== undefined) {
      reply.respond(403)
      return
    }
    try {
      const message = messageOf(session.invite, contentType, octets)
      const id = this.#dependencies.idOf(message)
      session.message = { id, reply }
      this.#byMessage.set(id, session)
      const transaction = new SessionTransaction(session.transaction, (status, headers) => {
        reply.respond(msrpStatusOf(status))
        this.#told(session, status, headers)
      })
      this.#dependencies.take(transaction.carry(message))
    } catch (error) {
      // The Content-Type of MSRP is not what SIP can carry.
      if (!(error instanceof EncodeError) && !(error instanceof SipParseError)) throw error
      reply.respond(400)
      this.#hangUp(session.dialog.id, 'failed', [reasonOf(400, [])])
    }
  }

  /** What became of a message whose outcome was not known when it had to be answered. */
  late(messageId: string, status: number, headers: readonly HeaderEntry[]): void {
    const session = this.#byMessage.get(messageId)
    if (session !== undefined) this.#told(session, status, headers)
  }

  /** A report for those who want one. A failure ends the session, else its sender does, or time. */
  #told(session: Session, status: number, headers: readonly HeaderEntry[]): void {
    const { id } = session.dialog
    if (status !== 202) session.message?.reply.report(msrpStatusOf(status))
    if (status >= 300) this.#hangUp(id, 'failed', [reasonOf(status, headers)])
    else this.#deadlines.set(id, this.#dependencies.now() + this.#options.completeWithinMs)
  }

  #hangUp(id: string, end: SessionEnd, headers: readonly HeaderEntry[] = []): void {
    const session = this.#sessions.get(id)
    if (session === undefined) return
    this.#end(session, end)
    this.#dependencies.request(session.dialog.request('BYE', headers)).catch((error: unknown) => {
      // A Contact that nothing can be sent to: then nobody waits for a BYE.
      if (!(error instanceof SipParseError) && !(error instanceof EncodeError)) throw error
    })
  }

  #end(session: Session, end: SessionEnd): void {
    this.#sessions.delete(session.dialog.id)
    this.#byTransaction.delete(session.transaction)
    if (session.message !== undefined) this.#byMessage.delete(session.message.id)
    this.#deadlines.delete(session.dialog.id)
    session.msrp?.close()
    this.#dependencies.sessionEnded(end)
  }

  #refuse(request: IncomingRequest, refusal: Refusal): void {
    this.#dependencies.refuse(request, refusal)
  }
}

/** The final of a message as the response to its last chunk (RFC 4975 §10). 202: taken, and nothing is promised. */
function msrpStatusOf(status: number): MsrpStatus {
  if (status < 300) return 200
  if (status === 400 || status === 413 || status === 415) return status
  return status === 403 || status === 404 || status === 433 || status === 493 ? 403 : 408
}

/** Why a session ends (RFC 3326): the SIP final, and the cause of the network where the final has one. */
function reasonOf(status: number, headers: readonly HeaderEntry[]): HeaderEntry {
  const network = headers.find(([name]) => name.toLowerCase() === 'reason')?.[1]
  const own = `SIP;cause=${status}`
  return ['Reason', network === undefined ? own : `${own}, ${network}`]
}
