import { type ServerEvent, type ServerState, serverTransition } from '../fsm.ts'
import type { SipResponse } from '../message.ts'
import type { HeaderEntry } from '../messages.ts'
import { buildResponse, withoutTopVia } from '../response.ts'
import { Timed, type TimerWheel } from './timer-wheel.ts'
import type {
  RespondOutcome,
  ResponseDetail,
  ServerTransactionHandle,
  SipClock,
  SipEventName,
  SipSource,
  TimerOptions,
  Transport,
} from './types.ts'

/** The way back to whoever sent a request. */
export interface ReplyPath {
  readonly source: SipSource
  readonly reliable: boolean
  /** Whether what the request came on can still carry the answer. */
  readonly open: boolean
  /** False: there is no way to send it. */
  send(octets: string): boolean
  /** A request waits for its answer here, or no longer does. */
  hold(delta: 1 | -1): void
}

/** A server transaction of either kind, as the layer holds it. */
export interface OpenTransaction extends ServerTransactionHandle {
  readonly key: string
  readonly mergeKey: string | undefined
  /** A later transaction with the same merge key. */
  mergedNext: OpenTransaction | undefined
  /** Terminated. */
  readonly isOver: boolean
  onRetransmission(path: ReplyPath): void
}

/** What a transaction needs from the endpoint. */
export interface ServerContext {
  readonly wheel: TimerWheel
  readonly clock: SipClock
  readonly tryingDelayMs: { readonly reliable: number; readonly unreliable: number }
  /** 64·T1. */
  readonly timeoutMs: number
  readonly timers: TimerOptions
  count(name: SipEventName, transport: Transport): void
  /** A transaction got its final, or expired without one. */
  answered(): void
  remove(transaction: OpenTransaction): void
}

/** What a transaction keeps of its request: flat copies, never slices of the message. */
export interface ServerTransactionParts {
  readonly key: string
  readonly mergeKey: string | undefined
  readonly method: string
  readonly toTag: string
  /** `responseFrame` of the request. */
  readonly frame: string
  readonly timestamp: string | undefined
}

/** Runs `serverTransition`: owns the timer and the octets, decides nothing. */
export class ServerTransaction extends Timed implements OpenTransaction {
  readonly key: string
  readonly mergeKey: string | undefined
  readonly method: string
  readonly toTag: string
  readonly receivedAtMs: number
  mergedNext: OpenTransaction | undefined
  finalStatus: number | undefined
  #path: ReplyPath
  readonly #context: ServerContext
  readonly #timestamp: string | undefined
  #state: ServerState = 'trying'
  /** The frame of responses until there is a final, then the octets of the final. */
  #octets: string

  constructor(parts: ServerTransactionParts, path: ReplyPath, context: ServerContext) {
    super()
    this.key = parts.key
    this.mergeKey = parts.mergeKey
    this.method = parts.method
    this.toTag = parts.toTag
    this.#octets = parts.frame
    this.#timestamp = parts.timestamp
    this.#path = path
    this.#context = context
    this.receivedAtMs = context.clock.now()
    const { reliable, unreliable } = context.tryingDelayMs
    context.wheel.set(this, this.receivedAtMs + (path.reliable ? reliable : unreliable))
    path.hold(1)
  }

  get source(): SipSource {
    return this.#path.source
  }

  get connectionOpen(): boolean {
    return this.#path.open
  }

  /** Whether the transaction is Terminated. */
  get isOver(): boolean {
    return this.#state === 'terminated'
  }

  /** The same request came again. On a new connection when the first one is gone: the answer follows it. */
  onRetransmission(path: ReplyPath): void {
    if (!this.#path.open) {
      if (this.finalStatus === undefined) {
        this.#path.hold(-1)
        path.hold(1)
      }
      this.#path = path
    }
    this.#context.count('requestRetransmissionReceived', this.source.transport)
    this.#apply('retransmission')
  }

  override onTimer(): void {
    if (this.#state === 'trying') this.#apply('timerTrying')
    else this.#apply(this.#state === 'proceeding' ? 'timerExpiry' : 'timerJ')
  }

  respond(status: number, reason?: string, detail?: ResponseDetail): RespondOutcome {
    const refused = this.#refuses(status)
    if (refused !== undefined) return refused
    return this.#final(status, buildResponse(this.#octets, status, reason, detail?.headers, detail?.body))
  }

  forward(response: SipResponse): RespondOutcome {
    return this.#refuses(response.status) ?? this.#final(response.status, withoutTopVia(response))
  }

  #refuses(status: number): RespondOutcome | undefined {
    if (this.finalStatus !== undefined) {
      this.#apply('final')
      return 'discarded'
    }
    if (status < 200 || status === 408) return 'forbidden'
    if (this.#context.clock.now() - this.receivedAtMs < this.#context.timeoutMs) return undefined
    this.#apply('timerExpiry')
    this.#context.count('lateFinal', this.source.transport)
    return 'late'
  }

  #final(status: number, octets: string): RespondOutcome {
    this.finalStatus = status
    this.#octets = octets
    this.#path.hold(-1)
    this.#context.answered()
    this.#apply('final')
    return 'sent'
  }

  #apply(event: ServerEvent): void {
    const { next, effects } = serverTransition(this.#state, event, this.#path.reliable)
    this.#state = next
    for (const effect of effects) {
      if (this.#state !== next) return // an effect failed and moved on: the rest belongs to a state that is over
      switch (effect) {
        case 'sendTrying':
          this.#sendTrying()
          break
        case 'sendFinal':
          this.#send('responseSent')
          break
        case 'repeatFinal':
          this.#send('responseRetransmitted')
          break
        case 'startExpiry':
          this.#context.wheel.set(this, this.receivedAtMs + this.#context.timeoutMs)
          break
        case 'startJ':
          this.#context.wheel.set(this, this.#context.clock.now() + this.#context.timeoutMs)
          break
        case 'discardFinal':
          this.#context.count('finalDiscarded', this.source.transport)
          break
        case 'reportExpired':
          this.#context.count('transactionExpired', this.source.transport)
          this.#path.hold(-1)
          this.#context.answered()
          break
        case 'reportTransportError':
          this.#context.count('unroutable', this.source.transport)
          break
        case 'destroy':
          this.#destroy()
      }
    }
  }

  #sendTrying(): void {
    if (!this.#path.open) return
    this.#context.count('tryingSent', this.source.transport)
    this.#path.send(buildResponse(this.#octets, 100, '', this.#timestampHeader()))
  }

  /** RFC 3261 §8.2.6.1: the sender's Timestamp with our delay in seconds added. */
  #timestampHeader(): HeaderEntry[] | undefined {
    if (this.#timestamp === undefined) return undefined
    const delaySeconds = (this.#context.clock.now() - this.receivedAtMs) / 1000
    return [['Timestamp', `${this.#timestamp.split(/\s/)[0]} ${delaySeconds.toFixed(3)}`]]
  }

  #send(name: SipEventName): void {
    this.#context.count(name, this.source.transport)
    if (!this.#path.send(this.#octets)) this.#apply('transportError')
  }

  #destroy(): void {
    this.#context.wheel.clear(this)
    this.#context.remove(this)
    this.#octets = ''
  }
}
