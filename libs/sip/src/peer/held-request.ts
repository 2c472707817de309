import type { SipResponse } from '../message.ts'
import type { HeaderEntry } from '../messages.ts'
import { buildResponse } from '../response.ts'
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

/**
 * A request that waits for its answer, or for its repetitions: what the server transactions have in common. Owns the
 * way back and the octets; what is done when is decided by the state machines.
 */
export abstract class HeldRequest extends Timed implements OpenTransaction {
  readonly key: string
  readonly mergeKey: string | undefined
  readonly method: string
  readonly toTag: string
  readonly receivedAtMs: number
  mergedNext: OpenTransaction | undefined
  finalStatus: number | undefined
  protected path: ReplyPath
  protected readonly context: ServerContext
  /** The frame of responses until there is a final, then the octets of the final. */
  protected octets: string

  constructor(parts: ServerTransactionParts, path: ReplyPath, context: ServerContext) {
    super()
    this.key = parts.key
    this.mergeKey = parts.mergeKey
    this.method = parts.method
    this.toTag = parts.toTag
    this.octets = parts.frame
    this.path = path
    this.context = context
    this.receivedAtMs = context.clock.now()
    path.hold(1)
  }

  abstract readonly isOver: boolean
  abstract onRetransmission(path: ReplyPath): void
  abstract respond(status: number, reason?: string, detail?: ResponseDetail): RespondOutcome
  abstract forward(response: SipResponse): RespondOutcome

  get source(): SipSource {
    return this.path.source
  }

  get connectionOpen(): boolean {
    return this.path.open
  }

  /** The same request came again. On a new connection when the first one is gone: the answer follows it. */
  protected follow(path: ReplyPath): void {
    if (!this.path.open) {
      if (this.finalStatus === undefined) {
        this.path.hold(-1)
        path.hold(1)
      }
      this.path = path
    }
    this.context.count('requestRetransmissionReceived', this.source.transport)
  }

  protected sendTrying(headers?: HeaderEntry[]): void {
    if (!this.path.open) return
    this.context.count('tryingSent', this.source.transport)
    this.path.send(buildResponse(this.octets, 100, '', headers))
  }

  /** Keeps the final for repetitions. */
  protected answer(status: number, octets: string): void {
    this.finalStatus = status
    this.octets = octets
    this.path.hold(-1)
    this.context.answered()
  }

  /** False: there is no way to send it. */
  protected sendFinal(name: 'responseSent' | 'responseRetransmitted'): boolean {
    this.context.count(name, this.source.transport)
    return this.path.send(this.octets)
  }

  protected destroy(): void {
    this.context.wheel.clear(this)
    this.context.remove(this)
    this.octets = ''
  }
}
