import { Deadlines } from '@ipsmgw/runtime/deadlines'
import { Acceptor } from './acceptor.ts'
import { encodeMessage } from './build.ts'
import { type LocalNode, vendorSpecificApplication } from './capabilities.ts'
import { LONGEST_MESSAGE_OCTETS } from './codec.ts'
import type { Fields } from './dictionary/definitions.ts'
import { AuthSessionState } from './dictionary/enumerations.ts'
import { messageNamed } from './dictionary/lookup.ts'
import type { RequestName } from './dictionary/messages.ts'
import { Exchange } from './exchange.ts'
import { Identifiers } from './identifiers.ts'
import type { Avp } from './messages.ts'
import { OVERLOAD_FEATURES, OverloadControl, type OverloadReport } from './overload-control.ts'
import type { PeerContext } from './peer-context.ts'
import { PeerTable } from './peer-table.ts'
import { Redirects, redirectedTo, subjectOf } from './redirects.ts'
import { candidates, destinationOf } from './routing.ts'
import { Serving } from './serving.ts'
import { traced } from './tracing.ts'
import type {
  NodeDependencies,
  NodeLimits,
  NodeOptions,
  OutgoingRequest,
  PeerOptions,
  PeerStatus,
  RequestHandler,
  SendOptions,
  SendResult,
  TimerOptions,
} from './types.ts'
import type { Timed } from './watch-keeper.ts'

const TIMERS: TimerOptions = {
  connectMs: 5_000,
  capabilitiesMs: 5_000,
  disconnectMs: 3_000,
  watchdogMs: 6_000,
  watchdogJitterMs: 2_000,
  reconnectMs: 500,
  reconnectMaximumMs: 30_000,
}

const LIMITS: NodeLimits = {
  pendingPerPeer: 50_000,
  servedPerPeer: 50_000,
  messageOctets: LONGEST_MESSAGE_OCTETS,
  connections: 1_000,
}

/** A Diameter node: own identity, neighbours that it connects to or that connect to it, requests both ways. */
export class DiameterNode {
  readonly #options: NodeOptions
  readonly #local: LocalNode
  readonly #context: PeerContext
  readonly #deadlines: Deadlines<Timed>
  readonly #acceptor: Acceptor
  readonly #serving: Serving
  readonly #overload: OverloadControl | undefined
  readonly #redirects: Redirects
  readonly #identifiers: Identifiers
  readonly #table: PeerTable
  #turn = 0
  #exchanges = 0
  #onIdle: (() => void) | undefined
  #stopped = false

  constructor(options: NodeOptions, dependencies: NodeDependencies = {}) {
    const now = dependencies.now ?? Date.now
    const random = dependencies.random ?? Math.random
    const event = dependencies.onEvent ?? (() => {})
    this.#options = options
    this.#local = {
      originHost: options.originHost,
      originRealm: options.originRealm,
      originStateId: options.originStateId ?? Math.floor(now() / 1000),
      productName: options.productName ?? 'IP-SM-GW',
      applications: options.applications,
    }
    this.#identifiers = new Identifiers(options.originHost, { now, random })
    this.#deadlines = new Deadlines<Timed>({ tickMs: 10, now }, (timer) => timer.expire())
    const limits = { ...LIMITS, ...options.limits }
    this.#serving = new Serving({ ...limits, local: this.#local }, event)
    this.#overload = options.overloadControl === true ? new OverloadControl({ now, random }) : undefined
    this.#redirects = new Redirects(now)
    this.#context = {
      local: this.#local,
      timers: { ...TIMERS, ...options.timers },
      limits,
      now,
      random,
      event,
      nextHopByHopId: () => this.#identifiers.nextHopByHopId(),
      nextEndToEndId: () => this.#identifiers.nextEndToEndId(),
      setTimer: (timer, atMs) => this.#deadlines.set(timer, atMs),
      clearTimer: (timer) => this.#deadlines.delete(timer),
      serve: (octets, header, peer, respond) => this.#serving.serve(octets, header, peer, respond),
      ended: (identity) => this.#table.forgetStranger(identity),
    }
    this.#table = new PeerTable({ strangers: options.unknownPeers === 'accept' }, this.#context)
    this.#table.set(options.peers ?? [])
    this.#acceptor = new Acceptor({
      ...this.#context,
      peerFor: (identity, realm) => this.#table.peerFor(identity, realm),
    })
  }

  /** Opens the listeners and begins to connect; resolves when it listens, rejects when it cannot. */
  async start(): Promise<void> {
    await this.#acceptor.listen(this.#options.listeners ?? [])
    this.#table.start()
  }

  /** Other peers from now on, without a restart: what did not change keeps its connection. */
  setPeers(peers: readonly PeerOptions[]): void {
    if (!this.#stopped) this.#table.set(peers)
  }

  /** Serves one kind of request; without a handler it is answered 3001. */
  handle<M extends RequestName>(name: M, handler: RequestHandler<M>): void {
    this.#serving.handle(name, handler)
  }

  /** Sends a request. Never rejects for what the network does; throws `EncodeError` for what cannot be written. */
  send<M extends RequestName>(
    name: M,
    request: OutgoingRequest<M>,
    options: SendOptions<M>,
  ): Promise<SendResult> {
    return traced(name, messageNamed(name), destinationOf(request), () => this.#send(name, request, options))
  }

  #send<M extends RequestName>(
    name: M,
    request: OutgoingRequest<M>,
    options: SendOptions<M>,
  ): Promise<SendResult> {
    if (options.failover !== true) return this.#sendTo(name, request, options)
    const subject = subjectOf(request, messageNamed(name).applicationId)
    const known = this.#redirects.hostFor(subject)
    const startedAtMs = this.#context.now()
    return this.#sendTo(name, redirectedTo(request, known), options).then((outcome) => {
      if (outcome.kind !== 'answer') return outcome
      const named = this.#redirects.learn(subject, outcome.result, outcome.message)
      // One hop, and only to a neighbour: what an agent names is no reason to open a connection.
      const host = named.find((it) => this.#table.peers.has(it.toLowerCase()))
      const timeoutMs = options.timeoutMs - (this.#context.now() - startedAtMs)
      if (host === undefined || timeoutMs <= 0) return outcome
      this.#context.event({ kind: 'redirected', peer: outcome.peer, detail: host })
      return this.#sendTo(name, redirectedTo(request, host), { ...options, timeoutMs })
    })
  }

  #sendTo<M extends RequestName>(
    name: M,
    request: OutgoingRequest<M>,
    options: SendOptions<M>,
  ): Promise<SendResult> {
    if (this.#stopped) return Promise.resolve({ kind: 'not-sent', reason: 'stopped' })
    const { code, applicationId, once } = messageNamed(name)
    const failover = options.failover === true && !once
    const destination = destinationOf(request)
    if (this.#overload?.admits({ applicationId, ...destination }) === false) {
      this.#context.event({ kind: 'abated', peer: destination.host ?? destination.realm ?? '' })
      return Promise.resolve({ kind: 'not-sent', reason: 'abated' })
    }
    const octets = this.#encode(name, request, applicationId)
    const now = this.#context.now()
    const exchangeOptions = {
      commandCode: code,
      deadlineMs: now + options.timeoutMs,
      attemptMs: options.attemptMs ?? options.timeoutMs,
      failover,
      candidates: () => candidates(this.#table.peers, destination, applicationId, this.#turn++),
    }
    this.#exchanges++
    // No closure may see `octets`, it would keep them as long as the exchange is open.
    const { promise, resolve } = Promise.withResolvers<SendResult>()
    const settle = (result: SendResult) => {
      this.#exchangeEnded()
      if (result.kind === 'answer') this.#overload?.learn(applicationId, result.message)
      resolve(result)
    }
    new Exchange(octets, exchangeOptions, this.#context, settle).start()
    return promise
  }

  /** Where it listens. */
  addresses(): readonly { readonly host: string; readonly port: number }[] {
    return this.#acceptor.addresses()
  }

  /** The peer table. */
  peers(): readonly PeerStatus[] {
    return [...this.#table.peers.values()].map((peer) => peer.status)
  }

  /** Those that it speaks, by their ids. */
  get applications(): readonly number[] {
    return this.#options.applications
  }

  /** What others have asked to be spared (RFC 7683). */
  overloadReports(): readonly OverloadReport[] {
    return this.#overload?.reports() ?? []
  }

  /** Lets pending requests end for at most `drainMs`, disconnects from every peer (DPR), closes. */
  async stop({ drainMs = 0 }: { readonly drainMs?: number } = {}): Promise<void> {
    this.#stopped = true
    this.#acceptor.close()
    if (drainMs > 0) await this.#idle(drainMs)
    await this.#table.stop()
    this.#deadlines.close()
  }

  #encode<M extends RequestName>(name: M, request: OutgoingRequest<M>, applicationId: number): Buffer {
    const fields = {
      'Session-Id': this.#identifiers.nextSessionId(),
      'Vendor-Specific-Application-Id': vendorSpecificApplication(applicationId),
      'Auth-Session-State': AuthSessionState.NO_STATE_MAINTAINED,
      'Origin-Host': this.#local.originHost,
      'Origin-Realm': this.#local.originRealm,
      ...request,
      ...(this.#overload !== undefined && {
        AVP: [...((request as { AVP?: readonly Avp[] }).AVP ?? []), OVERLOAD_FEATURES],
      }),
    } as unknown as Fields<M>
    return encodeMessage(name, fields, { hopByHopId: 0, endToEndId: this.#context.nextEndToEndId() })
  }

  #exchangeEnded(): void {
    this.#exchanges--
    if (this.#exchanges === 0) this.#onIdle?.()
  }

  #idle(withinMs: number): Promise<void> {
    if (this.#exchanges === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onIdle = resolve
      this.#context.setTimer({ expire: resolve }, this.#context.now() + withinMs)
    })
  }
}
