import { type AnswerDetail, answerFor, type Cause } from '@ipsmgw/causes'
import type { SipFinal } from '@ipsmgw/events'
import { acceptedTypes } from '@ipsmgw/im'
import { messageIdOf } from '@ipsmgw/numbering'
import { type Policy, policyFor } from '@ipsmgw/policy'
import {
  type IncomingRequest,
  methodRefusal,
  type ServerTransactionHandle,
  SipParseError,
  type SipRequest,
  type SipSource,
} from '@ipsmgw/sip'
import type { Admission, LoadSample } from './admission.ts'
import { type Arrival, type Examined, type ExamineOptions, examine } from './examine.ts'
import type { LargeMessages } from './large-messages.ts'
import { neighbourTrace, startMessageSpan } from './message-span.ts'
import { OpenMessages, type OpenMessagesDependencies } from './open-messages.ts'
import type { PeerConfig, PeerTable } from './peers.ts'
import type { RateLimiter } from './rates.ts'
import { type RecordOptions, recordOf } from './record.ts'
import { type Refusal, refuse, warning } from './refusal.ts'
import { readable } from './refusal-records.ts'

const METHODS = ['MESSAGE', 'OPTIONS', 'REGISTER', 'CANCEL']
/** With large-message mode. */
const SESSION_METHODS = ['INVITE', 'ACK', 'BYE']

export interface IngressOptions extends ExamineOptions, RecordOptions {
  readonly unknownPeers: 'refuse' | 'drop'
  readonly priorityNamespaces: readonly string[]
}

export interface IngressDependencies extends OpenMessagesDependencies {
  readonly peers: PeerTable
  readonly admission: Admission
  readonly rates: RateLimiter
  /** Takes INVITE and BYE, and what is known after the answer; without it they are refused. */
  readonly sessions?: Pick<LargeMessages, 'handle' | 'late'>
}

/** SIP requests in: which are refused, and how; the rest become records and open messages. */
export class Ingress {
  readonly #options: IngressOptions
  readonly #dependencies: IngressDependencies
  readonly #open: OpenMessages
  readonly #methods: readonly string[]
  #accepting = false
  #arrived = 0

  constructor(options: IngressOptions, dependencies: IngressDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#methods = dependencies.sessions === undefined ? METHODS : [...METHODS, ...SESSION_METHODS]
    this.#open = new OpenMessages(options, dependencies)
  }

  /** Messages whose sender waits for the final. */
  get inFlight(): number {
    return this.#open.size
  }

  /** Arrival of the oldest of them. */
  oldestMs(): number | undefined {
    return this.#open.oldestMs()
  }

  /** What the admission needs to know beside the process's own load. */
  waiting(nowMs: number): Omit<LoadSample, 'utilisation' | 'delayMs'> {
    const arrived = this.#arrived
    this.#arrived = 0
    return { ...this.#open.waiting(nowMs), arrived }
  }

  /**
   * Whether a new request may open a transaction at all (row 3 of the order of checks): cheap, since it decides what
   * overload costs. Copies of running messages always may.
   */
  admits(message: SipRequest, source: SipSource): boolean {
    if (message.method !== 'MESSAGE') return true
    this.#arrived += 1
    const { admission, peers, report } = this.#dependencies
    const peer = peers.find(source)
    if (peer === undefined) return true
    const why = admission.refuses(this.#open.size, this.#isPriority(message, peer))
    if (why === undefined) return true
    const messageId = idOf(message)
    if (this.#open.has(messageId)) return true
    report.refused('MESSAGE', 503, why, { messageId, traceparent: neighbourTrace(message, peer) })
    return false
  }

  /** RFC 4412: namespaces that the operator lists, from peers that are believed. */
  #isPriority(message: SipRequest, peer: PeerConfig): boolean {
    const values = peer.trusted ? message.headers.get('resource-priority') : undefined
    if (values === undefined) return false
    const { priorityNamespaces } = this.#options
    return values.split(',').some((value) => priorityNamespaces.includes(value.trim().split('.')[0] ?? ''))
  }

  open(): void {
    this.#accepting = true
  }

  /** Takes nothing new; resolves when nobody waits for a final any more. */
  drain(): Promise<void> {
    this.#accepting = false
    return this.#open.drained()
  }

  close(): void {
    this.#open.close()
  }

  /** Why a message with these headers would be refused, whatever its text; for a session that is to carry it. */
  refusal(message: SipRequest, source: SipSource): Refusal | undefined {
    const { peers, admission, now } = this.#dependencies
    const peer = peers.find(source)
    if (peer === undefined) return refuse(403, 'unknownPeer')
    if (!this.#accepting) return this.#overloaded('draining')
    const why = admission.refuses(this.#open.size, this.#isPriority(message, peer))
    if (why !== undefined) return this.#overloaded(why)
    const arrival = { peer, policy: this.#policyOf(peer), nowMs: now(), merged: false }
    const examined = examine(message, arrival, this.#options)
    return examined.kind === 'refused' ? examined : undefined
  }

  request(request: IncomingRequest): void {
    try {
      this.#handle(request)
    } catch (error) {
      // Accessors of a header that is there and malformed throw on first use.
      if (!(error instanceof SipParseError)) throw error
      this.#refuse(request, refuse(400, 'malformedHeader', [warning(this.#options.host, error.message)]))
    }
  }

  /** The final of a message that this instance may hold transactions for. */
  final(final: SipFinal): void {
    this.#open.final(final)
  }

  #handle(request: IncomingRequest): void {
    const peer = this.#dependencies.peers.find(request.source)
    if (peer === undefined) this.#strange(request)
    else if (request.message.method === 'MESSAGE') this.#message(request, peer)
    else if (request.message.method === 'OPTIONS') this.#ping(request)
    else if (request.message.method === 'REGISTER') this.#register(request)
    else if (['INVITE', 'BYE'].includes(request.message.method) && this.#dependencies.sessions !== undefined)
      this.#dependencies.sessions.handle(request)
    else this.#refuse(request, this.#notSupported(request.message))
  }

  #strange(request: IncomingRequest): void {
    this.#dependencies.report.unknownPeer(request.source)
    if (this.#options.unknownPeers === 'refuse') this.#refuse(request, refuse(403, 'unknownPeer'))
  }

  /** Answered from the SIP layer alone, but it tells the truth about readiness (RFC 3261 §11.2). */
  #ping(request: IncomingRequest): void {
    if (!this.#accepting) {
      this.#refuse(request, this.#overloaded('notReady'))
      return
    }
    request.respond(200, '', {
      headers: [
        ['Allow', this.#methods.join(', ')],
        ['Accept', acceptedTypes(this.#dependencies.policy().bodies)],
        ['Accept-Encoding', 'identity'],
        ['Accept-Language', '*'],
        ['Supported', ''],
      ],
    })
    this.#dependencies.report.answered('OPTIONS', 200)
  }

  /** Third-party REGISTER (TS 24.229 §5.7.1.1): accepted with the expiration that was asked for. */
  #register(request: IncomingRequest): void {
    const expires = request.message.headers.get('expires')
    request.respond(200, '', { headers: expires === undefined ? [] : [['Expires', expires]] })
    this.#dependencies.report.answered('REGISTER', 200)
  }

  #message(request: IncomingRequest, peer: PeerConfig): void {
    const { message, mergedWith } = request
    const messageId = idOf(message)
    const isRunning = this.#open.has(messageId)
    if (!this.#accepting && !isRunning) {
      this.#refuse(request, this.#overloaded('draining'))
      return
    }
    const arrival = {
      peer,
      policy: this.#policyOf(peer),
      nowMs: this.#dependencies.now(),
      merged: mergedWith !== undefined && this.#isFork(request, mergedWith),
    }
    const examined = examine(message, arrival, this.#options)
    if (examined.kind === 'refused') this.#refuse(request, examined)
    else if (examined.kind === 'consumed') this.#consume(request)
    else if (isRunning) this.#open.join(messageId, request.transaction)
    else this.#admit(request, messageId, examined, arrival)
  }

  #policyOf(peer: PeerConfig): Policy {
    const document = this.#dependencies.policy()
    return policyFor(document, peer.profile) ?? document
  }

  /** Rates come last: what is refused for another reason is not counted. */
  #admit(request: IncomingRequest, messageId: string, examined: Examined, arrival: Arrival): void {
    const { rates } = this.#dependencies
    const waitSeconds = rates.take(examined.sender, arrival.policy, arrival.nowMs)
    if (waitSeconds === undefined) this.#accept(request, messageId, examined, arrival)
    else this.#refuse(request, this.#causeRefusal('rateExceeded', { retryAfterSeconds: waitSeconds }))
  }

  #consume(request: IncomingRequest): void {
    request.respond(200)
    this.#dependencies.report.consumed()
  }

  /** Both copies of a merged request came over live ways of one peer: RFC 3261 §8.2.2.2 asks for 482. */
  #isFork(request: IncomingRequest, first: ServerTransactionHandle): boolean {
    return (
      first.finalStatus === undefined &&
      first.connectionOpen &&
      first.source.transport === request.source.transport &&
      this.#dependencies.peers.find(first.source) === this.#dependencies.peers.find(request.source)
    )
  }

  #accept(request: IncomingRequest, messageId: string, examined: Examined, arrival: Arrival): void {
    const { message, source, transaction } = request
    const arrived = { message, transport: source.transport }
    const span = startMessageSpan(request, messageId, arrival.peer)
    const { keys } = this.#dependencies
    const record = recordOf(arrived, messageId, examined, arrival, this.#options, keys, span.traceparent)
    this.#open.take(record, transaction, span, arrival.policy)
  }

  /** 405 for what SIP knows and this gateway does not take, 501 for the rest. */
  #notSupported(message: SipRequest): Refusal {
    const refusal = methodRefusal(message, this.#methods)
    return refuse(refusal?.status ?? 405, 'method', refusal?.headers)
  }

  #overloaded(why: string): Refusal {
    return this.#causeRefusal('overloaded', {}, why)
  }

  #causeRefusal(cause: Cause, detail: AnswerDetail, why: string = cause): Refusal {
    const answer = answerFor(cause, { host: this.#options.host }, detail)
    return refuse(answer.status, why, answer.headers, answer.reasonPhrase)
  }

  /** Also for what is refused elsewhere. */
  refuse(request: IncomingRequest, refusal: Refusal): void {
    this.#refuse(request, refusal)
  }

  #refuse(request: IncomingRequest, refusal: Refusal): void {
    request.respond(refusal.status, refusal.reasonPhrase, { headers: refusal.headers })
    const { message, source } = request
    const { report, peers } = this.#dependencies
    const messageId = message.method === 'MESSAGE' ? readable(() => idOf(message)) : undefined
    const peer = peers.find(source)
    const traceparent = neighbourTrace(message, peer)
    const about = messageId === undefined ? undefined : { messageId, traceparent }
    report.refused(message.method, refusal.status, refusal.why, about)
    if (messageId !== undefined && peer !== undefined) this.#recordRefusal(message, messageId, peer, refusal)
  }

  /** Of known peers only, and not of a copy of what is under way. */
  #recordRefusal(message: SipRequest, messageId: string, peer: PeerConfig, refusal: Refusal): void {
    if (this.#open.has(messageId)) return
    const { status, reasonPhrase = '', headers, why } = refusal
    const final = {
      status,
      reasonPhrase,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
    }
    this.#dependencies.refusals.request(message, messageId, peer, this.#policyOf(peer), { why, final })
  }
}

/** The message that a request is, whoever carries it. */
export function idOf({ callId, from, cseq, uriText }: SipRequest): string {
  return messageIdOf(callId, from.tag ?? '', cseq.number, uriText)
}
