import type { DecodeError } from '@ipsmgw/bytes'
import { type ConnectionOwner, DiameterConnection } from './connection.ts'
import { Attempt, type Candidate, type Exchange, type Refusal } from './exchange.ts'
import { type PeerEffect, type PeerEvent, type PeerState, peerTransition, winsElection } from './fsm.ts'
import { OwnMessages } from './own-messages.ts'
import type { Introduction, PeerContext } from './peer-context.ts'
import { PeerInbox } from './peer-inbox.ts'
import { PeerLinks } from './peer-links.ts'
import { PeerRequests } from './peer-requests.ts'
import { SctpWire } from './sctp-wire.ts'
import { TcpWire } from './tcp-wire.ts'
import type { NodeEvent, PeerOptions, PeerStatus } from './types.ts'
import { type Timed, WatchKeeper } from './watch-keeper.ts'

/** One neighbour: its connections, its state machine, its watchdog, and the requests that wait for its answers. */
export class Peer implements ConnectionOwner, Candidate {
  readonly identity: string
  readonly realms: readonly string[]
  readonly priority: number
  readonly #options: PeerOptions
  readonly #context: PeerContext
  readonly #own: OwnMessages
  readonly #inbox: PeerInbox
  readonly #watch: WatchKeeper
  readonly #requests: PeerRequests
  readonly #links = new PeerLinks()
  readonly #perform: Readonly<Record<PeerEffect, () => void>> = {
    connect: () => this.#connect(),
    startConnectTimer: () => this.#startTimer(this.#context.timers.connectMs),
    startCapabilitiesTimer: () => this.#startTimer(this.#context.timers.capabilitiesMs),
    startDisconnectTimer: () => this.#startTimer(this.#context.timers.disconnectMs),
    sendCer: () => this.#links.i?.sendNow(this.#own.cer(this.#links.i.localAddresses)),
    adoptR: () => this.#links.adopt(),
    sendCea: () => this.#sendCea(),
    elect: () => this.#elect(),
    openI: () => this.#opened('i'),
    openR: () => this.#opened('r'),
    rejectR: () => this.#reject(),
    closeI: () => this.#links.close('i', () => this.#closedActive()),
    closeR: () => this.#links.close('r', () => this.#closedActive()),
    sendDpr: () => this.#links.active?.sendNow(this.#own.dpr()),
    sendDpa: () => this.#sendDpa(),
    ended: () => this.#ended(),
  }
  readonly #stateTimer: Timed = { expire: () => this.#event('timeout') }
  readonly #reconnectTimer: Timed = { expire: () => this.#event('start') }
  #state: PeerState = 'closed'
  #applications: readonly number[] = []
  #failures = 0
  #sinceMs: number
  #sent = 0
  #received = 0
  #stopping = false
  #onClosed: (() => void) | undefined

  constructor(options: PeerOptions, context: PeerContext) {
    this.#options = options
    this.#context = context
    this.#sinceMs = context.now()
    this.identity = options.identity.toLowerCase()
    this.realms = (options.realms ?? []).map((realm) => realm.toLowerCase())
    this.priority = options.priority ?? 1
    this.#own = new OwnMessages(context.local, () => ({
      hopByHopId: context.nextHopByHopId(),
      endToEndId: context.nextEndToEndId(),
    }))
    this.#requests = new PeerRequests(
      {
        peer: options.identity,
        maximumPending: options.maximumPending ?? context.limits.pendingPerPeer,
        maximumPerSecond: options.maximumPerSecond,
        messageOctets: context.limits.messageOctets,
      },
      context,
    )
    this.#inbox = new PeerInbox(this.identity, context, {
      own: this.#own,
      event: (event) => this.#event(event),
      introduced: (introduction) => {
        this.#links.introduction = introduction
      },
      heard: (isDwa) => this.#watch.heard(isDwa),
      answer: (octets, header) => this.#requests.answer(octets, header),
      answering: () => this.#sent++,
    })
    this.#watch = new WatchKeeper({
      ...context,
      sendDwr: () => this.#links.active?.sendNow(this.#own.dwr()),
      failover: () => this.#onSuspect(),
      failback: () => context.event({ kind: 'failback', peer: this.identity }),
      close: () => this.#links.active?.destroy(new Error('watchdog')),
    })
  }

  get pending(): number {
    return this.#requests.pending
  }

  get status(): PeerStatus {
    return {
      identity: this.#options.identity,
      state: this.#state,
      watchdog: this.#watch.state,
      realms: this.realms,
      priority: this.priority,
      pending: this.#requests.pending,
      applications: this.#applications,
      since: new Date(this.#sinceMs).toISOString(),
      rttMs: this.#requests.rttMs,
      sent: this.#sent,
      received: this.#received,
    }
  }

  /** `good` takes traffic; `poor` has come back and proves itself: it is asked when nobody else can be. */
  usable(applicationId: number): 'good' | 'poor' | undefined {
    if (this.#state !== 'iOpen' && this.#state !== 'rOpen') return undefined
    if (!this.#applications.includes(applicationId)) return undefined
    if (this.#watch.state === 'okay') return 'good'
    return this.#watch.state === 'reopen' ? 'poor' : undefined
  }

  start(): void {
    if (this.#options.role !== 'accept') this.#event('start')
  }

  /** Disconnects (DPR) and stays away; resolves when no connection is left. */
  stop(): Promise<void> {
    this.#stopping = true
    this.#context.clearTimer(this.#reconnectTimer)
    this.#event('stop')
    if (this.#state === 'closed') return Promise.resolve()
    return new Promise((resolve) => {
      this.#onClosed = resolve
    })
  }

  submit(exchange: Exchange): Attempt | Refusal {
    const { active } = this.#links
    if (active === undefined) return 'no-peer'
    const attempt = this.#requests.submit(exchange, this, active)
    if (attempt instanceof Attempt) this.#sent++
    return attempt
  }

  forget(attempt: Attempt): void {
    this.#requests.forget(attempt)
  }

  /** A connection that the peer opened, with its checked CER. */
  accept(connection: DiameterConnection, introduction: Introduction): void {
    connection.owner = this
    this.#links.offer(connection, introduction)
    if (this.#stopping || this.#options.role === 'initiate') this.#reject()
    else this.#event('rCer')
  }

  connected(connection: DiameterConnection): void {
    if (connection === this.#links.i) this.#event('iConnected')
  }

  message(octets: Buffer, connection: DiameterConnection): void {
    this.#received++
    if (connection === this.#links.active) this.#inbox.message(octets, connection)
    else if (connection === this.#links.i) this.#inbox.first(octets, this.#state)
  }

  framingLost(error: DecodeError, header: Buffer, connection: DiameterConnection): void {
    this.#tell('malformed', error.message)
    if (connection === this.#links.active) this.#inbox.refuse(header, connection)
    connection.end()
  }

  lost(connection: DiameterConnection, error: Error | undefined): void {
    if (connection === this.#links.r) this.#event('rLost')
    else if (connection === this.#links.i) this.#lostI(error)
  }

  #lostI(error: Error | undefined): void {
    const connecting = this.#state === 'waitConnAck' || this.#state === 'waitConnAckElect'
    if (connecting) this.#tell('connectFailed', error?.message)
    // So a peer turns away who it does not know, after a TLS handshake that was good on our side.
    else if (this.#state === 'waitICea')
      this.#tell('connectFailed', error?.message ?? 'closed before the capabilities were answered')
    this.#event(connecting ? 'iRefused' : 'iLost')
  }

  #event(event: PeerEvent): void {
    const { next, effects } = peerTransition(this.#state, event)
    if (next !== this.#state) this.#sinceMs = this.#context.now()
    this.#state = next
    for (const effect of effects) this.#perform[effect]()
  }

  #startTimer(durationMs: number): void {
    this.#context.setTimer(this.#stateTimer, this.#context.now() + durationMs)
  }

  #connect(): void {
    const { timers, limits } = this.#context
    const wire =
      this.#options.transport === 'sctp'
        ? SctpWire.dial(this.#options, timers.connectMs)
        : TcpWire.dial(this.#options)
    this.#links.dial(new DiameterConnection(wire, this, limits.messageOctets))
  }

  #reject(): void {
    this.#tell('rejected', `a second connection while ${this.#state}`)
    this.#links.reject()
  }

  #sendCea(): void {
    const { r, introduction } = this.#links
    if (r !== undefined && introduction !== undefined)
      r.sendNow(this.#own.cea(r.localAddresses, introduction.request))
  }

  #sendDpa(): void {
    const request = this.#inbox.disconnectRequest
    if (request !== undefined) this.#links.active?.sendNow(this.#own.dpa(request))
  }

  #opened(which: 'i' | 'r'): void {
    this.#context.clearTimer(this.#stateTimer)
    this.#context.clearTimer(this.#reconnectTimer)
    this.#links.open(which)
    this.#applications = this.#links.introduction?.applications ?? []
    this.#failures = 0
    this.#inbox.unwanted = false
    this.#tell('peerUp')
    this.#watch.up()
  }

  #elect(): void {
    if (winsElection(this.#context.local.originHost, this.identity)) this.#event('won')
  }

  /** The open connection is gone: what waited on it has lost its answer. */
  #closedActive(): void {
    this.#applications = []
    this.#watch.lost()
    this.#tell('peerDown')
    this.#requests.lost(this.#stopping)
  }

  #ended(): void {
    const { timers, now, random, setTimer, clearTimer } = this.#context
    clearTimer(this.#stateTimer)
    this.#links.introduction = undefined
    this.#onClosed?.()
    if (this.#stopping || this.#inbox.unwanted || this.#options.role === 'accept') {
      this.#context.ended(this.identity)
      return
    }
    const pauseMs = Math.min(timers.reconnectMs * 2 ** this.#failures, timers.reconnectMaximumMs)
    this.#failures = Math.min(this.#failures + 1, MOST_DOUBLINGS)
    setTimer(this.#reconnectTimer, now() + pauseMs * (1 - random() / 4))
  }

  #onSuspect(): void {
    if (this.#links.active === undefined) return
    this.#tell('suspect')
    this.#requests.suspect()
  }

  #tell(kind: NodeEvent['kind'], detail?: string): void {
    this.#context.event({ kind, peer: this.identity, ...(detail !== undefined && { detail }) })
  }
}

/** Bounds the exponent of the reconnect pause. */
const MOST_DOUBLINGS = 16
