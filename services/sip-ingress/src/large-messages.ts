import { DecodeError, EncodeError } from '@ipsmgw/bytes'
import {
  decodeOffer,
  encodeAnswer,
  type MessageReply,
  type MsrpServer,
  type MsrpSession,
  type MsrpStatus,
  type OfferedMedia,
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

export interface LargeMessagesOptions {
  readonly host: string
  readonly maximumSessions: number
  /** From the INVITE to the whole message, and from the answer to the BYE of the sender. */
  readonly completeWithinMs: number
  readonly maximumOctets: number
}

export interface LargeMessagesDependencies {
  readonly server: MsrpServer
  now(): number
  /** Why a message with these headers would be refused, whatever its text. */
  refusal(message: SipRequest, source: SipSource): Refusal | undefined
  /** Takes a message as if it had come as MESSAGE. */
  take(request: IncomingRequest): void
  request(request: OutgoingRequest): Promise<RequestOutcome>
  refuse(request: IncomingRequest, refusal: Refusal): void
  sessionEnded(end: SessionEnd): void
}

/** How a session ended, for the metric. */
export const SESSION_ENDS = ['bye', 'failed', 'notAcknowledged', 'expired', 'stopped'] as const
export type SessionEnd = (typeof SESSION_ENDS)[number]

interface Session {
  readonly dialog: Dialog
  readonly invite: SipRequest
  readonly source: SipSource
  readonly toTag: string
  readonly transaction: ServerTransactionHandle
  msrp: MsrpSession | undefined
  taken: boolean
}

/** What a message of a session may be. */
const ACCEPTED_TYPES = ['message/cpim', 'text/plain', 'multipart/mixed', 'multipart/alternative']
/** Offers of who opens the connection itself (RFC 6135 §4.2). */
const OPENERS: readonly (string | undefined)[] = [undefined, 'active', 'actpass']

/**
 * CPM large-message mode: an INVITE opens a session, one message comes over MSRP and goes the way of every other one.
 * The response to its last chunk tells what became of it; a failure ends the session with BYE.
 */
export class LargeMessages {
  readonly #options: LargeMessagesOptions
  readonly #dependencies: LargeMessagesDependencies
  readonly #sessions = new Map<string, Session>()
  readonly #byTransaction = new Map<ServerTransactionHandle, Session>()
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
    if ('kind' in opened) {
      this.#refuse(request, opened)
      return
    }
    const { message, transaction, source } = request
    const { offer, taken, dialog } = opened
    const { toTag } = transaction
    const session: Session = {
      dialog,
      invite: message,
      source,
      toTag,
      transaction,
      msrp: undefined,
      taken: false,
    }
    const { server, now } = this.#dependencies
    session.msrp = server.open({
      onMessage: (received, reply) => this.#message(session, received, reply),
      onDisconnect: () => {},
    })
    this.#sessions.set(dialog.id, session)
    this.#byTransaction.set(transaction, session)
    this.#deadlines.set(dialog.id, now() + this.#options.completeWithinMs)
    request.respond(200, '', {
      headers: this.#answerHeaders(message, source),
      body: encodeAnswer(offer, taken, {
        host: server.host,
        port: server.port,
        path: session.msrp.uri,
        acceptTypes: ACCEPTED_TYPES,
        maximumOctets: this.#options.maximumOctets,
        id: ++this.#version,
      }),
    })
  }

  /** What a session needs, or why there is none. */
  #examine(
    request: IncomingRequest,
  ):
    | Refusal
    | { readonly offer: readonly OfferedMedia[]; readonly taken: OfferedMedia; readonly dialog: Dialog } {
    const { message, source, transaction } = request
    const { host, maximumSessions } = this.#options
    if (message.to.tag !== undefined) return refuse(481, 'noDialog')
    if (this.#sessions.size >= maximumSessions) return refuse(486, 'sessionsFull', [['Retry-After', '10']])
    const refusal = this.#dependencies.refusal(messageOf(message, 'text/plain', Buffer.from('.')), source)
    if (refusal !== undefined) return refusal
    if (message.body.length === 0) return refuse(488, 'noOffer', [warning(host, 'an offer is needed')])
    if (!/^application\/sdp\s*(;|$)/i.test(message.headers.get('content-type') ?? ''))
      return refuse(415, 'sessionDescription', [['Accept', 'application/sdp']])
    if (message.contacts.length === 0) return refuse(400, 'noContact', [warning(host, 'Contact is needed')])
    try {
      const offer = decodeOffer(message.body)
      const taken = offer.find((media) => this.#isAcceptable(media))
      if (taken === undefined)
        return refuse(488, 'media', [warning(host, 'one MSRP session that the sender opens is needed')])
      return { offer, taken, dialog: new Dialog(message, transaction.toTag) }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      return refuse(400, 'malformedOffer', [warning(host, error.message)])
    }
  }

  #isAcceptable({ transport, path, setup, direction }: OfferedMedia): boolean {
    const sends = direction === 'sendonly' || direction === 'sendrecv'
    return (
      transport === this.#dependencies.server.transport && path.length > 0 && sends && OPENERS.includes(setup)
    )
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
    if (session.taken) {
      reply(403, false)
      return
    }
    session.taken = true
    try {
      const message = messageOf(session.invite, contentType, octets)
      const transaction = new SessionTransaction(session.transaction, (status, headers) => {
        reply(msrpStatusOf(status), status === 200)
        if (status >= 300) this.#hangUp(session.dialog.id, 'failed', [reasonOf(status, headers)])
        else this.#deadlines.set(session.dialog.id, this.#dependencies.now() + this.#options.completeWithinMs)
      })
      this.#dependencies.take(transaction.carry(message))
    } catch (error) {
      // The Content-Type of MSRP is not what SIP can carry.
      if (!(error instanceof EncodeError) && !(error instanceof SipParseError)) throw error
      reply(400, false)
      this.#hangUp(session.dialog.id, 'failed', [reasonOf(400, [])])
    }
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
