import { randomBytes } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'
import { SipParseError } from '../errors.ts'
import { type SipRequest, SipResponse } from '../message.ts'
import { DEFAULT_LIMITS } from '../messages.ts'
import { ClientLayer } from './client-layer.ts'
import { ServerLayer } from './server-layer.ts'
import { Timed, TimerWheel } from './timer-wheel.ts'
import { Transports } from './transports.ts'
import type {
  EndpointLimits,
  IncomingRequest,
  ListenerAddress,
  OutgoingRequest,
  RequestOutcome,
  SipClock,
  SipEndpointDependencies,
  SipEndpointOptions,
  SipSource,
  TimerOptions,
} from './types.ts'

/** Bounds when nothing else is configured. */
export const DEFAULT_ENDPOINT_LIMITS: EndpointLimits = {
  ...DEFAULT_LIMITS,
  serverTransactions: 200_000,
  clientTransactions: 50_000,
  connections: 2_000,
  writeBufferOctets: 16_777_216,
  writeStallMs: 5_000,
  messageTimeoutMs: 10_000,
  idleTimeoutMs: 600_000,
  connectTimeoutMs: 4_000,
}

/** RFC 3261 §17 Table 4. */
export const DEFAULT_TIMERS: TimerOptions = { t1Ms: 500, t2Ms: 4000, t4Ms: 5000 }

const DEFAULT_TRYING_DELAY_MS = 200

/** Monotonic process time. */
const PROCESS_CLOCK: SipClock = {
  now: () => performance.now(),
  every: (intervalMs, callback) => {
    const timer = setInterval(callback, intervalMs)
    return () => clearInterval(timer)
  },
}

/**
 * A SIP user agent's lower half: transports and transactions (RFC 3261 §17, §18; RFC 4320, RFC 6026). What a
 * request means is decided by `onRequest`.
 */
export class SipEndpoint {
  readonly #dependencies: SipEndpointDependencies
  readonly #clock: SipClock
  readonly #wheel: TimerWheel
  readonly #transports: Transports
  readonly #server: ServerLayer
  readonly #client: ClientLayer
  #drained: (() => void) | undefined

  constructor(options: SipEndpointOptions, dependencies: SipEndpointDependencies) {
    this.#dependencies = dependencies
    this.#clock = dependencies.clock ?? PROCESS_CLOCK
    this.#wheel = new TimerWheel(this.#clock)
    const limits = { ...DEFAULT_ENDPOINT_LIMITS, ...options.limits }
    const timers = { ...DEFAULT_TIMERS, ...options.timers }
    const count = dependencies.onEvent?.bind(dependencies) ?? (() => {})
    const shared = { wheel: this.#wheel, clock: this.#clock, count }
    this.#transports = new Transports(
      { ...shared, listeners: options.listeners, limits, tlsClient: options.tlsClient ?? {} },
      {
        count,
        allow: (source) => dependencies.allow?.(source) ?? true,
        message: (message, path) => {
          if (message instanceof SipResponse) this.#client.onResponse(message, path.source.transport)
          else this.#server.onRequest(message, path)
        },
        parseError: (error, path) => {
          dependencies.onParseError?.(error, path.source)
          this.#server.onParseError(error, path)
        },
      },
    )
    const unreliable = timerReachesT2(timers)
    const reliable = Math.min(options.tryingDelayMs ?? DEFAULT_TRYING_DELAY_MS, unreliable)
    this.#server = new ServerLayer(
      {
        ...shared,
        tryingDelayMs: { reliable, unreliable },
        timeoutMs: 64 * timers.t1Ms,
        timers,
        maxTransactions: limits.serverTransactions,
        retryAfterSeconds: options.retryAfterSeconds ?? 5,
        tagSeed: options.tagSeed ?? randomBytes(8).toString('hex'),
        feedback: () => dependencies.feedback?.(),
      },
      {
        admits: (request, source) => this.#admits(request, source),
        request: (request) => this.#deliver(request),
        inviteEnded: (transaction, end) => dependencies.onInviteEnded?.(transaction, end),
        quiet: () => this.#drained?.(),
      },
    )
    const client = { ...shared, timers, maxTransactions: limits.clientTransactions }
    this.#client = new ClientLayer(client, this.#transports)
  }

  /** Binds every listener. Rejects with the system's error (`code`, `address`, `port`) when one cannot be. */
  async start(): Promise<void> {
    await this.#transports.start()
  }

  /** What is bound, UDP first, ports resolved. */
  addresses(): ListenerAddress[] {
    return this.#transports.addresses()
  }

  /**
   * Another certificate, key or set of authorities for connections from now on; open ones go on. Throws what OpenSSL
   * says of them, and the old ones stay.
   */
  renewTls(tls: SecureContextOptions): void {
    this.#transports.renewTls(tls)
  }

  /** Server transactions: all, and those without a final. */
  get transactions(): { readonly open: number; readonly unanswered: number } {
    return { open: this.#server.size, unanswered: this.#server.unanswered }
  }

  /**
   * Sends a non-INVITE request and waits for its end. Rejects with SipParseError or EncodeError when the request
   * cannot be composed.
   */
  async request(request: OutgoingRequest): Promise<RequestOutcome> {
    return await this.#client.request(request)
  }

  /**
   * Refuses new requests with 503, waits until the open ones are answered or `drainMs` is over, and closes.
   * Pending requests of our own end as `closed`.
   */
  async close(options: { drainMs?: number } = {}): Promise<void> {
    this.#server.draining = true
    this.#transports.stopAccepting()
    if (this.#server.unanswered > 0 && (options.drainMs ?? 0) > 0) await this.#drain(options.drainMs ?? 0)
    this.#client.close()
    await this.#transports.close()
    this.#wheel.close()
  }

  async #drain(drainMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#drained = resolve
      this.#wheel.set(new Alarm(resolve), this.#clock.now() + drainMs)
    })
  }

  /** A request in which nothing can be read is let through: its fault is told where all faults are. */
  #admits(request: SipRequest, source: SipSource): boolean {
    try {
      return this.#dependencies.admits?.(request, source) ?? true
    } catch (error) {
      if (!(error instanceof SipParseError)) this.#dependencies.onHandlerError?.(error)
      return true
    }
  }

  #deliver(request: IncomingRequest): void {
    try {
      const pending = this.#dependencies.onRequest(request)
      if (pending instanceof Promise) pending.catch((error: unknown) => this.#handlerFailed(request, error))
    } catch (error) {
      this.#handlerFailed(request, error)
    }
  }

  /** A header that turns out to be malformed when the core reads it is the sender's fault, not ours. */
  #handlerFailed(request: IncomingRequest, error: unknown): void {
    if (error instanceof SipParseError) {
      this.#dependencies.onParseError?.(error, request.source)
      request.respond(error.status)
      return
    }
    this.#dependencies.onHandlerError?.(error)
    request.respond(500)
  }
}

class Alarm extends Timed {
  readonly #ring: () => void

  constructor(ring: () => void) {
    super()
    this.#ring = ring
  }

  override onTimer(): void {
    this.#ring()
  }
}

/** When Timer E of the client is first set to T2: 3.5 s with the default timers (RFC 4320 §4.1). */
function timerReachesT2({ t1Ms, t2Ms }: TimerOptions): number {
  let atMs = 0
  for (let intervalMs = t1Ms; intervalMs < t2Ms; intervalMs *= 2) atMs += intervalMs
  return atMs
}
