import { type AnswerDetail, answerFor, type Cause } from '@ipsmgw/causes'
import type { ImReceived, SipFinal } from '@ipsmgw/events'
import { acceptedTypes } from '@ipsmgw/im'
import { type KeyMaker, messageIdOf } from '@ipsmgw/numbering'
import { decide, type Policy, policyFor } from '@ipsmgw/policy'
import { Deadlines } from '@ipsmgw/runtime'
import {
  type IncomingRequest,
  methodRefusal,
  type ServerTransactionHandle,
  SipParseError,
  type SipRequest,
  type SipSource,
} from '@ipsmgw/sip'
import type { TraceSpan } from '@ipsmgw/telemetry'
import type { Admission, LoadSample } from './admission.ts'
import type { ContentCheck } from './content-check.ts'
import { type Arrival, type Examined, type ExamineOptions, examine } from './examine.ts'
import type { LargeMessages } from './large-messages.ts'
import { endMessageSpan, neighbourTrace, startMessageSpan } from './message-span.ts'
import type { PeerConfig, PeerTable } from './peers.ts'
import type { RateLimiter } from './rates.ts'
import { type RecordOptions, recordOf } from './record.ts'
import { type Refusal, refuse, warning } from './refusal.ts'
import { type RefusalRecords, readable } from './refusal-records.ts'
import type { IngressReport } from './report.ts'
import type { Taps } from './taps.ts'

const METHODS = ['MESSAGE', 'OPTIONS', 'REGISTER', 'CANCEL']
/** With large-message mode. */
const SESSION_METHODS = ['INVITE', 'ACK', 'BYE']

/** The own guard fires this long after an answer is due, early or by answerBy: correlation's comes first. */
const GUARD_MS = 1_000

export interface IngressOptions extends ExamineOptions, RecordOptions {
  readonly unknownPeers: 'refuse' | 'drop'
  readonly priorityNamespaces: readonly string[]
}

export interface IngressDependencies {
  readonly peers: PeerTable
  readonly keys: KeyMaker
  policy(): Policy
  now(): number
  /** Resolves when the record is durable. */
  publish(record: ImReceived): Promise<void>
  /** Whether that failure proves that the record is not on the bus. */
  provablyNotPublished(error: unknown): boolean
  readonly admission: Admission
  readonly rates: RateLimiter
  readonly contentCheck: ContentCheck
  /** Takes INVITE and BYE, and what is known after the answer; without it they are refused. */
  readonly sessions?: Pick<LargeMessages, 'handle' | 'late'>
  readonly refusals: RefusalRecords
  /** Sees every message that is taken, and what becomes of it. */
  readonly taps: Pick<Taps, 'see' | 'ended' | 'late'>
  readonly report: IngressReport
}

interface Pending {
  readonly transactions: ServerTransactionHandle[]
  readonly guardAtMs: number
  readonly startedAtMs: number
  readonly span: TraceSpan
}

/** Why a message ends here and what its sender is told; of what is not known there is no result. */
type Ending = Pick<SipFinal, 'cause' | 'final' | 'result'>

const NOTHING_SENT: NonNullable<Ending['result']> = { outcome: 'failed', partsDelivered: 0, parts: 0 }

/** Causes by which networks behind the gateway say that they have too much to do. */
const CONGESTION: ReadonlySet<string> = new Set<Cause>(['routingCongested', 'servingNodeBusy'])

/** SIP requests in, records out; finals in, SIP answers out. Holds the transactions in between. */
export class Ingress {
  readonly #options: IngressOptions
  readonly #dependencies: IngressDependencies
  readonly #pending = new Map<string, Pending>()
  readonly #guards: Deadlines<string>
  /** Records that the bus has not confirmed, by when they were handed to it. */
  readonly #unpublished = new Map<string, number>()
  readonly #methods: readonly string[]
  #accepting = false
  #arrived = 0
  #lagMs = 0
  #finals = 0
  #congested = 0
  #idle: (() => void) | undefined

  constructor(options: IngressOptions, dependencies: IngressDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#methods = dependencies.sessions === undefined ? METHODS : [...METHODS, ...SESSION_METHODS]
    this.#guards = new Deadlines({ tickMs: 100, now: dependencies.now }, (messageId) =>
      this.#guard(messageId),
    )
  }

  /** Messages whose sender waits for the final. */
  get inFlight(): number {
    return this.#pending.size
  }

  /** Arrival of the oldest of them. */
  oldestMs(): number | undefined {
    for (const pending of this.#pending.values()) return pending.startedAtMs
    return undefined
  }

  /** What the admission needs to know beside the process's own load. */
  waiting(nowMs: number): Omit<LoadSample, 'utilisation' | 'delayMs'> {
    const told = {
      nowMs,
      arrived: this.#arrived,
      lagMs: this.#lagMs,
      finals: this.#finals,
      congested: this.#congested,
    }
    this.#arrived = 0
    this.#lagMs = 0
    this.#finals = 0
    this.#congested = 0
    for (const sinceMs of this.#unpublished.values()) return { ...told, oldestUnpublishedMs: nowMs - sinceMs }
    return { ...told, oldestUnpublishedMs: 0 }
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
    const why = admission.refuses(this.#pending.size, this.#isPriority(message, peer))
    if (why === undefined) return true
    const messageId = idOf(message)
    if (this.#pending.has(messageId)) return true
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
    if (this.#pending.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle = resolve
    })
  }

  close(): void {
    this.#guards.close()
  }

  /** Why a message with these headers would be refused, whatever its text; for a session that is to carry it. */
  refusal(message: SipRequest, source: SipSource): Refusal | undefined {
    const { peers, admission, now } = this.#dependencies
    const peer = peers.find(source)
    if (peer === undefined) return refuse(403, 'unknownPeer')
    if (!this.#accepting) return this.#overloaded('draining')
    const why = admission.refuses(this.#pending.size, this.#isPriority(message, peer))
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

  /** The final of a message this instance holds transactions for. Others are counted, never answered. */
  final(final: SipFinal): void {
    const { messageId, lagMs } = final
    if (lagMs !== undefined) this.#lagMs = Math.max(this.#lagMs, lagMs)
    const isOwn = final.bootId === this.#options.reply.bootId
    if (final.late === true) {
      if (!isOwn) return
      this.#dependencies.sessions?.late(messageId, final.final.status, final.final.headers)
      this.#dependencies.taps.late(final)
      return
    }
    const pending = isOwn ? this.#pending.get(messageId) : undefined
    if (pending === undefined) {
      // The own guard may have been earlier.
      if (isOwn) this.#dependencies.taps.late(final)
      this.#dependencies.report.strayFinal()
      return
    }
    this.#finals++
    if (CONGESTION.has(final.cause)) this.#congested++
    this.#answer(messageId, pending, final)
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
    const running = this.#pending.get(messageId)
    if (!this.#accepting && running === undefined) {
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
    else if (running === undefined) this.#admit(request, messageId, examined, arrival)
    else {
      // A copy over another way while the first is under way: both get the one answer.
      running.transactions.push(request.transaction)
      this.#dependencies.report.joined()
    }
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
    const { report, keys, taps } = this.#dependencies
    const arrived = { message: request.message, transport: request.source.transport }
    const span = startMessageSpan(request, messageId, arrival.peer)
    const record = recordOf(arrived, messageId, examined, arrival, this.#options, keys, span.traceparent)
    const guardAtMs = Math.min(record.answer.earlyAtMs ?? record.answerByMs, record.answerByMs) + GUARD_MS
    this.#pending.set(messageId, {
      transactions: [request.transaction],
      guardAtMs,
      startedAtMs: arrival.nowMs,
      span,
    })
    this.#guards.set(messageId, guardAtMs)
    report.accepted(record)
    taps.see(record)
    const { contentCheck } = arrival.policy
    if (contentCheck === undefined) this.#publish(record)
    else this.#check(record, contentCheck).catch((error: unknown) => this.#uncheckable(record, error))
  }

  /** A fault of ours before the record was handed on: nothing is under way, and the sender is told so. */
  #uncheckable(record: ImReceived, error: unknown): void {
    this.#dependencies.report.handlerFault(error, record)
    const pending = this.#pending.get(record.messageId)
    if (pending !== undefined) this.#stop(record, pending, 'internalError')
  }

  /** Only what the policy would deliver is shown to others. Answered by half of the time there is. */
  async #check(record: ImReceived, settings: NonNullable<Policy['contentCheck']>): Promise<void> {
    const { messageId } = record
    const { policy, keys, contentCheck, report } = this.#dependencies
    if (decide(record, policy(), keys).kind === 'convert') {
      const withinMs = (record.answerByMs - record.receivedAtMs) / 2
      const { verdict, by } = await contentCheck.ask(record, settings, withinMs)
      report.contentChecked(verdict, by)
      const pending = this.#pending.get(messageId)
      if (pending === undefined) return
      if (verdict === 'refuse') {
        this.#stop(record, pending, by === 'checker' ? 'contentRefused' : 'contentUnchecked')
        return
      }
    }
    this.#publish(record)
  }

  #publish(record: ImReceived): void {
    const { messageId } = record
    this.#unpublished.set(messageId, this.#dependencies.now())
    this.#dependencies.publish(record).then(
      () => this.#unpublished.delete(messageId),
      (error: unknown) => {
        this.#unpublished.delete(messageId)
        this.#notPublished(record, error)
      },
    )
  }

  /** Not on the bus for certain: ours to refuse. Perhaps on it: the guard answers, unless the final comes first. */
  #notPublished(record: ImReceived, error: unknown): void {
    const { messageId } = record
    this.#dependencies.report.publishFailed(record, error)
    const pending = this.#pending.get(messageId)
    if (pending === undefined || !this.#dependencies.provablyNotPublished(error)) return
    this.#stop(record, pending, 'overloaded')
  }

  /** Correlation did not answer in time: the message may be under way, so only 202 is true. */
  #guard(messageId: string): void {
    const pending = this.#pending.get(messageId)
    if (pending === undefined) return
    this.#dependencies.report.guardFired({ messageId, traceparent: pending.span.traceparent })
    const final = answerFor('outcomeUnknown', { host: this.#options.host })
    this.#answer(messageId, pending, { cause: 'outcomeUnknown', final })
  }

  /** Taken, and certainly not in the pipeline: refused after all. */
  #stop(record: ImReceived, pending: Pending, cause: Cause): void {
    const { status, reasonPhrase, headers } = answerFor(cause, { host: this.#options.host })
    const final = { status, reasonPhrase, headers }
    this.#dependencies.refusals.message(record, { why: cause, final })
    this.#answer(record.messageId, pending, { cause, final, result: NOTHING_SENT })
  }

  #answer(messageId: string, pending: Pending, { cause, final, result }: Ending): void {
    const { status, reasonPhrase, headers } = final
    const { traceparent } = pending.span
    this.#pending.delete(messageId)
    this.#guards.delete(messageId)
    for (const transaction of pending.transactions) {
      const outcome = transaction.respond(status, reasonPhrase, { headers })
      this.#dependencies.report.finalSent(
        { messageId, traceparent },
        status,
        cause,
        outcome,
        this.#dependencies.now() - pending.startedAtMs,
      )
    }
    endMessageSpan(pending.span, status, cause)
    this.#dependencies.taps.ended(messageId, { status, cause, ...(result !== undefined && { result }) })
    if (this.#pending.size === 0) this.#idle?.()
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
    if (this.#pending.has(messageId)) return
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
