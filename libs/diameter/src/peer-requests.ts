import { DecodeError } from '@ipsmgw/bytes'
import { decodeDiameter } from './codec.ts'
import type { DiameterConnection } from './connection.ts'
import { Attempt, type Candidate, type Exchange, type Refusal } from './exchange.ts'
import type { DiameterHeader, DiameterMessage } from './messages.ts'
import { RequestRate } from './request-rate.ts'
import { type DiameterResult, resultOf } from './results.ts'
import type { NodeEvent } from './types.ts'

export interface PeerRequestsOptions {
  /** Identity of the peer as it was configured. */
  readonly peer: string
  readonly maximumPending: number
  /** Undefined: as many as come. */
  readonly maximumPerSecond?: number | undefined
  readonly messageOctets: number
}

export interface PeerRequestsDependencies {
  now(): number
  nextHopByHopId(): number
  event(event: NodeEvent): void
}

interface Answer {
  readonly message: DiameterMessage
  readonly result: DiameterResult
}

/** Of the smoothed round trip, as in RFC 6298 §2. */
const RTT_GAIN = 1 / 8

/** The requests that wait for the answers of one peer: its window, which answer is whose, how long they take. */
export class PeerRequests {
  readonly #options: PeerRequestsOptions
  readonly #dependencies: PeerRequestsDependencies
  readonly #pending = new Map<number, Attempt>()
  readonly #rate: RequestRate | undefined
  #rttMs: number | undefined

  constructor(options: PeerRequestsOptions, dependencies: PeerRequestsDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    const { maximumPerSecond } = options
    this.#rate = maximumPerSecond === undefined ? undefined : new RequestRate(maximumPerSecond)
  }

  get pending(): number {
    return this.#pending.size
  }

  /** Smoothed round trip of queries; undefined before the first answer. */
  get rttMs(): number | undefined {
    return this.#rttMs
  }

  /** Queues a copy of the request on the connection, or says which bound is reached. */
  submit(exchange: Exchange, holder: Candidate, connection: DiameterConnection): Attempt | Refusal {
    const { now, nextHopByHopId } = this.#dependencies
    if (this.#pending.size >= this.#options.maximumPending) return this.#refused('windowFull', 'window-full')
    if (this.#rate?.take(now()) === false) return this.#refused('rateLimited', 'rate-limited')
    let hopByHopId = nextHopByHopId()
    while (this.#pending.has(hopByHopId)) hopByHopId = nextHopByHopId()
    const octets = exchange.stamped(hopByHopId)
    const attempt = new Attempt(exchange, octets, this.#options.peer, holder, hopByHopId, now())
    this.#pending.set(hopByHopId, attempt)
    connection.sendRequest(attempt)
    return attempt
  }

  forget({ hopByHopId }: Attempt): void {
    this.#pending.delete(hopByHopId)
  }

  /** An answer settles the attempt that has its hop-by-hop identifier; any other is a stray. */
  answer(octets: Buffer, header: DiameterHeader): void {
    const attempt = this.#pending.get(header.hopByHopId)
    if (attempt === undefined) {
      this.#tell('strayAnswer', `command ${header.commandCode}`)
      return
    }
    const answer = this.#read(octets, header, attempt)
    if (answer === undefined) attempt.exchange.malformed(attempt)
    else {
      this.#learnRtt(attempt)
      attempt.exchange.answered(attempt, answer.message, answer.result)
    }
  }

  /** The connection is gone, and with it every answer; `stopping`: because we wanted it so. */
  lost(stopping: boolean): void {
    for (const attempt of [...this.#pending.values()]) {
      if (stopping) attempt.exchange.stopped(attempt)
      else attempt.exchange.lost(attempt)
    }
  }

  /** The peer is silent: what may be asked elsewhere is. */
  suspect(): void {
    for (const attempt of [...this.#pending.values()]) attempt.exchange.suspect()
  }

  #refused(event: 'windowFull' | 'rateLimited', refusal: Refusal): Refusal {
    this.#tell(event)
    return refusal
  }

  #read(octets: Buffer, header: DiameterHeader, { exchange }: Attempt): Answer | undefined {
    try {
      const message = decodeDiameter(octets, this.#options.messageOctets)
      const result = resultOf(message)
      if (result !== undefined && header.commandCode === exchange.commandCode) return { message, result }
      const what = result === undefined ? 'an answer without a result' : 'an answer to another command'
      this.#tell('malformed', what)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#tell('malformed', error.message)
    }
    return undefined
  }

  #learnRtt({ exchange, submittedAtMs }: Attempt): void {
    if (!exchange.failover) return
    const rttMs = this.#dependencies.now() - submittedAtMs
    this.#rttMs = this.#rttMs === undefined ? rttMs : this.#rttMs + (rttMs - this.#rttMs) * RTT_GAIN
  }

  #tell(kind: NodeEvent['kind'], detail?: string): void {
    this.#dependencies.event({
      kind,
      peer: this.#options.peer.toLowerCase(),
      ...(detail !== undefined && { detail }),
    })
  }
}
