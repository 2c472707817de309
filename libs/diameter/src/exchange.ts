import { renewRequest, stampRequest } from './codec.ts'
import { ResultCode } from './dictionary/results.ts'
import type { DiameterMessage } from './messages.ts'
import type { Outgoing } from './outbox.ts'
import type { DiameterResult } from './results.ts'
import type { SendResult } from './types.ts'

/** One copy of a request at one peer. */
export class Attempt implements Outgoing {
  readonly exchange: Exchange
  octets: Buffer
  readonly peer: string
  /** Who keeps it until it is over. */
  readonly holder: Candidate
  readonly hopByHopId: number
  readonly submittedAtMs: number
  withdrawn = false
  /** It may have left. */
  sent = false

  constructor(
    exchange: Exchange,
    octets: Buffer,
    peer: string,
    holder: Candidate,
    hopByHopId: number,
    submittedAtMs: number,
  ) {
    this.exchange = exchange
    this.octets = octets
    this.peer = peer
    this.holder = holder
    this.hopByHopId = hopByHopId
    this.submittedAtMs = submittedAtMs
  }

  written(): void {
    this.sent = true
    if (!this.exchange.failover) this.octets = NOTHING
    this.exchange.left()
  }
}

/** In place of octets that will not be needed again: they lie in a slab with many others and would keep it all. */
const NOTHING = Buffer.alloc(0)

/** Why a peer does not take a request; another one may. */
export type Refusal = 'no-peer' | 'window-full' | 'rate-limited'

/** A peer that can be asked. */
export interface Candidate {
  readonly identity: string
  /** Queues the attempt, or says why not. */
  submit(exchange: Exchange): Attempt | Refusal
  /** The attempt is over; an answer that still comes is dropped. */
  forget(attempt: Attempt): void
}

export interface ExchangeOptions {
  readonly commandCode: number
  readonly deadlineMs: number
  readonly attemptMs: number
  readonly failover: boolean
  /** Usable peers in the order in which they are asked. */
  candidates(): readonly Candidate[]
}

export interface ExchangeDependencies {
  now(): number
  nextEndToEndId(): number
  setTimer(exchange: Exchange, atMs: number): void
  clearTimer(exchange: Exchange): void
}

type NoAnswer = Extract<SendResult, { kind: 'no-answer' }>
type NotSent = Extract<SendResult, { kind: 'not-sent' }>

/** Errors after which another peer may know better (RFC 6733 §7.1.3). */
const OTHER_PEER: ReadonlySet<number> = new Set([
  ResultCode.UNABLE_TO_DELIVER,
  ResultCode.REALM_NOT_SERVED,
  ResultCode.TOO_BUSY,
  ResultCode.LOOP_DETECTED,
])

/**
 * One request until it is settled: its attempts at one peer after the other, the first answer wins. Without failover
 * there is one attempt. What the result says is what is known: an attempt that may have left is never `not-sent`.
 */
export class Exchange {
  readonly #options: ExchangeOptions
  readonly #dependencies: ExchangeDependencies
  readonly #settle: (result: SendResult) => void
  #octets: Buffer
  /** Lists of one, mostly, of many exchanges: `concat` takes the room needed, growing takes more. */
  #open: readonly Attempt[] = []
  #tried: readonly string[] = []
  /** A copy with the same end-to-end identifier may have left: the next one carries the T flag. */
  #mayHaveLeft = false
  #refusal: SendResult | undefined
  #unknown: NoAnswer | undefined
  #notSent: NotSent['reason'] = 'no-peer'
  #settled = false

  constructor(
    octets: Buffer,
    options: ExchangeOptions,
    dependencies: ExchangeDependencies,
    settle: (result: SendResult) => void,
  ) {
    this.#octets = octets
    this.#options = options
    this.#dependencies = dependencies
    this.#settle = settle
  }

  start(): void {
    if (!this.#next()) this.#conclude()
  }

  /** Prepares the octets for a connection. Each attempt has its own copy: an older one may still wait to leave. */
  stamped(hopByHopId: number): Buffer {
    const octets = this.#tried.length > 1 ? Buffer.from(this.#octets) : this.#octets
    stampRequest(octets, hopByHopId, this.#mayHaveLeft)
    return octets
  }

  /** A copy has left; without failover there will be no other. */
  left(): void {
    if (!this.failover) this.#octets = NOTHING
  }

  get failover(): boolean {
    return this.#options.failover
  }

  get commandCode(): number {
    return this.#options.commandCode
  }

  answered(attempt: Attempt, message: DiameterMessage, result: DiameterResult): void {
    this.#end(attempt)
    const answer: SendResult = { kind: 'answer', message, result, peer: attempt.peer }
    if (this.#options.failover && result.vendorId === 0 && OTHER_PEER.has(result.code)) this.#refused(answer)
    else this.#finish(answer)
  }

  #refused(answer: SendResult): void {
    this.#refusal = answer
    if (this.#open.length > 0) return
    this.#renew()
    if (!this.#next()) this.#conclude()
  }

  /** Something came back that is no answer. */
  malformed(attempt: Attempt): void {
    this.#fail(attempt, 'malformed')
  }

  /** The connection is gone. */
  lost(attempt: Attempt): void {
    this.#fail(attempt, 'link-lost')
  }

  /** The peer is suspect: another one is asked as well, an answer that still comes is good. */
  suspect(): void {
    if (this.#options.failover) this.#noteWritten()
    if (this.#options.failover && this.#dependencies.now() < this.#options.deadlineMs) this.#next()
  }

  stopped(attempt: Attempt): void {
    this.#end(attempt)
    this.#finish(
      attempt.sent
        ? { kind: 'no-answer', peer: attempt.peer, reason: 'stopped' }
        : { kind: 'not-sent', reason: 'stopped' },
    )
  }

  /** The timer: the attempt's, or that of the whole. */
  expire(): void {
    if (this.#dependencies.now() < this.#options.deadlineMs) {
      this.#noteWritten()
      if (!this.#next()) this.#dependencies.setTimer(this, this.#options.deadlineMs)
      return
    }
    for (const attempt of this.#open) {
      this.#end(attempt)
      if (attempt.sent) this.#unknown = { kind: 'no-answer', peer: attempt.peer, reason: 'timeout' }
      else this.#notSent = 'withdrawn'
    }
    this.#conclude()
  }

  #fail(attempt: Attempt, reason: NoAnswer['reason']): void {
    this.#end(attempt)
    if (attempt.sent) {
      this.#mayHaveLeft = true
      this.#unknown = { kind: 'no-answer', peer: attempt.peer, reason }
    } else this.#notSent = 'withdrawn'
    if (this.#open.length > 0) return
    if (!this.#options.failover || !this.#next()) this.#conclude()
  }

  #noteWritten(): void {
    for (const { sent } of this.#open) this.#mayHaveLeft ||= sent
  }

  #next(): boolean {
    const { now, setTimer } = this.#dependencies
    const { deadlineMs, attemptMs, failover, candidates } = this.#options
    if (this.#settled || now() >= deadlineMs) return false
    for (const candidate of candidates()) {
      if (this.#tried.includes(candidate.identity)) continue
      this.#tried = this.#tried.concat(candidate.identity)
      const attempt = candidate.submit(this)
      if (attempt instanceof Attempt) {
        this.#open = this.#open.concat(attempt)
        setTimer(this, failover ? Math.min(now() + attemptMs, deadlineMs) : deadlineMs)
        return true
      }
      this.#notSent = attempt
    }
    return false
  }

  /** After an error answer: a new request, so that no cache of duplicates repeats the error. */
  #renew(): void {
    renewRequest(this.#octets, this.#dependencies.nextEndToEndId())
    this.#mayHaveLeft = false
  }

  #end(attempt: Attempt): void {
    attempt.withdrawn = true
    if (!this.#open.includes(attempt)) return
    this.#open = this.#open.filter((it) => it !== attempt)
    attempt.holder.forget(attempt)
  }

  #conclude(): void {
    this.#finish(this.#refusal ?? this.#unknown ?? { kind: 'not-sent', reason: this.#notSent })
  }

  #finish(result: SendResult): void {
    if (this.#settled) return
    this.#settled = true
    this.#dependencies.clearTimer(this)
    for (const attempt of this.#open) this.#end(attempt)
    this.#settle(result)
  }
}
