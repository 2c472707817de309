import { answerFor, type Cause } from '@ipsmgw/causes'
import type { ImReceived, SipFinal } from '@ipsmgw/events'
import { type KeyMaker, messageIdOf } from '@ipsmgw/numbering'
import type { Policy } from '@ipsmgw/policy'
import { Deadlines } from '@ipsmgw/runtime'
import {
  type IncomingRequest,
  methodRefusal,
  type ServerTransactionHandle,
  SipParseError,
  type SipRequest,
  utf8View,
} from '@ipsmgw/sip'
import { isTraceparent } from '@ipsmgw/telemetry'
import { type Arrival, type Examined, type ExamineOptions, examine } from './examine.ts'
import type { PeerConfig, PeerTable } from './peers.ts'
import { type Refusal, refuse, warning } from './refusal.ts'
import type { IngressReport } from './report.ts'

const METHODS = ['MESSAGE', 'OPTIONS', 'REGISTER', 'CANCEL']

/** Part of the budget that is kept for the answer, and its floor (design §4 rule 5). */
const RESERVE_SHARE = 0.2
const RESERVE_FLOOR_MS = 2_000
/** The own guard fires this long after answerBy: correlation's answer comes first. */
const GUARD_MS = 1_000

export interface IngressOptions extends ExamineOptions {
  readonly ordinal: number
  readonly bootId: string
  readonly answerByMs: number
  readonly unknownPeers: 'refuse' | 'drop'
  readonly maximumInFlight: number
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
  readonly report: IngressReport
}

interface Pending {
  readonly transactions: ServerTransactionHandle[]
  readonly guardAtMs: number
  readonly startedAtMs: number
}

/** SIP requests in, records out; finals in, SIP answers out. Holds the transactions in between. */
export class Ingress {
  readonly #options: IngressOptions
  readonly #dependencies: IngressDependencies
  readonly #pending = new Map<string, Pending>()
  readonly #guards: Deadlines<string>
  #accepting = false
  #idle: (() => void) | undefined

  constructor(options: IngressOptions, dependencies: IngressDependencies) {
    this.#options = options
    this.#dependencies = dependencies
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
    const { messageId } = final
    const pending = final.bootId === this.#options.bootId ? this.#pending.get(messageId) : undefined
    if (pending === undefined) {
      this.#dependencies.report.strayFinal()
      return
    }
    const { status, reasonPhrase, headers } = final.final
    this.#answer(messageId, pending, status, reasonPhrase, headers, final.cause)
  }

  #handle(request: IncomingRequest): void {
    const peer = this.#dependencies.peers.find(request.source)
    if (peer === undefined) this.#strange(request)
    else if (request.message.method === 'MESSAGE') this.#message(request, peer)
    else if (request.message.method === 'OPTIONS') this.#ping(request)
    else if (request.message.method === 'REGISTER') this.#register(request)
    else this.#refuse(request, notSupported(request.message))
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
        ['Allow', METHODS.join(', ')],
        ['Accept', 'text/plain, message/cpim, multipart/mixed, multipart/alternative'],
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
    const messageId = messageIdOf(
      message.callId,
      message.from.tag ?? '',
      message.cseq.number,
      message.uriText,
    )
    const running = this.#pending.get(messageId)
    const full = running === undefined && this.#pending.size >= this.#options.maximumInFlight
    if (!this.#accepting || full) {
      this.#refuse(request, this.#overloaded(full ? 'inFlight' : 'draining'))
      return
    }
    const arrival = {
      peer,
      policy: this.#dependencies.policy(),
      nowMs: this.#dependencies.now(),
      merged: mergedWith !== undefined && this.#isFork(request, mergedWith),
    }
    const examined = examine(message, arrival, this.#options)
    if (examined.kind === 'refused') this.#refuse(request, examined)
    else if (examined.kind === 'consumed') this.#consume(request)
    else if (running === undefined) this.#accept(request, messageId, examined, arrival)
    else {
      // A copy over another way while the first is under way: both get the one answer.
      running.transactions.push(request.transaction)
      this.#dependencies.report.joined()
    }
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
    const record = this.#record(request, messageId, examined, arrival)
    this.#pending.set(messageId, {
      transactions: [request.transaction],
      guardAtMs: record.answerByMs + GUARD_MS,
      startedAtMs: arrival.nowMs,
    })
    this.#guards.set(messageId, record.answerByMs + GUARD_MS)
    this.#dependencies.report.accepted(messageId, record)
    this.#dependencies.publish(record).catch((error: unknown) => this.#unpublished(messageId, error))
  }

  #record(request: IncomingRequest, messageId: string, examined: Examined, arrival: Arrival): ImReceived {
    const { peer, policy, nowMs: now } = arrival
    const budgetMs = peer.answerByMs ?? this.#options.answerByMs
    const answerByMs = now + budgetMs
    const { kind: _, ...content } = examined
    return {
      messageId,
      recipientKey: this.#dependencies.keys.keyOf(canonical(examined.recipient)),
      receivedAtMs: now,
      answerByMs,
      forwardByMs: answerByMs - Math.max(RESERVE_FLOOR_MS, budgetMs * RESERVE_SHARE),
      reply: { ordinal: this.#options.ordinal, bootId: this.#options.bootId },
      sip: {
        callId: utf8View(request.message.callId).slice(0, 512),
        peer: peer.name,
        transport: request.source.transport,
      },
      ...content,
      ...traceContext(request.message, peer),
      answer: {
        unknownOutcome: peer.unknownOutcome,
        ...(peer.earlyAnswerMs !== undefined && { earlyAtMs: now + peer.earlyAnswerMs }),
      },
      policyVersion: policy.version,
    }
  }

  /** Not on the bus for certain: ours to refuse. Perhaps on it: the guard answers, unless the final comes first. */
  #unpublished(messageId: string, error: unknown): void {
    this.#dependencies.report.publishFailed(messageId, error)
    const pending = this.#pending.get(messageId)
    if (pending === undefined || !this.#dependencies.provablyNotPublished(error)) return
    this.#answerCause(messageId, pending, 'overloaded')
  }

  /** Correlation did not answer in time: the message may be under way, so only 202 is true. */
  #guard(messageId: string): void {
    const pending = this.#pending.get(messageId)
    if (pending === undefined) return
    this.#dependencies.report.guardFired(messageId)
    this.#answerCause(messageId, pending, 'outcomeUnknown')
  }

  #answerCause(messageId: string, pending: Pending, cause: Cause): void {
    const { status, reasonPhrase, headers } = answerFor(cause, { host: this.#options.host })
    this.#answer(messageId, pending, status, reasonPhrase, headers, cause)
  }

  #answer(
    messageId: string,
    pending: Pending,
    status: number,
    reasonPhrase: string,
    headers: SipFinal['final']['headers'],
    cause: string,
  ): void {
    this.#pending.delete(messageId)
    this.#guards.delete(messageId)
    for (const transaction of pending.transactions) {
      const outcome = transaction.respond(status, reasonPhrase, { headers })
      this.#dependencies.report.finalSent(
        messageId,
        status,
        cause,
        outcome,
        this.#dependencies.now() - pending.startedAtMs,
      )
    }
    if (this.#pending.size === 0) this.#idle?.()
  }

  #overloaded(why: string): Refusal {
    const answer = answerFor('overloaded', { host: this.#options.host })
    return refuse(answer.status, why, answer.headers, answer.reasonPhrase)
  }

  #refuse(request: IncomingRequest, refusal: Refusal): void {
    request.respond(refusal.status, refusal.reasonPhrase, { headers: refusal.headers })
    this.#dependencies.report.refused(request.message.method, refusal.status, refusal.why)
  }
}

/** 405 for what SIP knows and this gateway does not take, 501 for the rest. */
function notSupported(message: SipRequest): Refusal {
  const refusal = methodRefusal(message, METHODS)
  return refuse(refusal?.status ?? 405, 'method', refusal?.headers)
}

/** What stands for the served user in keys: the number, else user and host in lower case. */
function canonical(recipient: ImReceived['recipient']): string {
  return recipient.number ?? recipient.uri.replace(/[;?].*$/s, '').toLowerCase()
}

/** The trace of a neighbour is continued only when the neighbour is believed. */
function traceContext(message: SipRequest, peer: PeerConfig): { traceparent?: string } {
  const traceparent = peer.trusted ? message.headers.get('traceparent') : undefined
  return traceparent !== undefined && isTraceparent(traceparent) ? { traceparent } : {}
}
