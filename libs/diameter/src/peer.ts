import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { DecodeError } from '@ipsmgw/bytes'
import { checkCea, type LocalNode } from './capabilities.ts'
import { decodeDiameter, decodeHeader } from './codec.ts'
import { type ConnectionOwner, DiameterConnection } from './connection.ts'
import { DisconnectCause } from './dictionary/enumerations.ts'
import { MESSAGES } from './dictionary/messages.ts'
import { Attempt, type Candidate, type Exchange } from './exchange.ts'
import { value } from './fields.ts'
import { type PeerEffect, type PeerEvent, type PeerState, peerTransition, winsElection } from './fsm.ts'
import type { DiameterHeader, DiameterMessage } from './messages.ts'
import { OwnMessages } from './own-messages.ts'
import { type DiameterResult, resultOf } from './results.ts'
import type { NodeEvent, NodeLimits, PeerOptions, PeerStatus, TimerOptions } from './types.ts'
import { type Timed, WatchKeeper } from './watch-keeper.ts'

/** TCP and SCTP without TLS (RFC 6733 §2.1). */
export const DIAMETER_PORT = 3868
/** TLS over TCP. */
export const DIAMETER_TLS_PORT = 5658

/** What a peer needs of its node. */
export interface PeerContext {
  readonly local: LocalNode
  readonly timers: TimerOptions
  readonly limits: NodeLimits
  now(): number
  random(): number
  nextHopByHopId(): number
  nextEndToEndId(): number
  setTimer(timer: Timed, atMs: number): void
  clearTimer(timer: Timed): void
  event(event: NodeEvent): void
  /** A request of the peer. `respond` may be called later, or never. */
  serve(octets: Buffer, header: DiameterHeader, peer: string, respond: (answer: Buffer) => void): void
  /** No connection is left and none will be opened from here. */
  ended(peer: Peer): void
}

/** A CER that was found good, and what both sides have in common. */
export interface Introduction {
  readonly request: DiameterHeader
  readonly applications: readonly number[]
}

interface Answer {
  readonly message: DiameterMessage
  readonly result: DiameterResult
}

/** One neighbour: its connections, its state machine, its watchdog, and the requests that wait for its answers. */
export class Peer implements ConnectionOwner, Candidate {
  readonly identity: string
  readonly realms: readonly string[]
  readonly priority: number
  readonly #options: PeerOptions
  readonly #context: PeerContext
  readonly #own: OwnMessages
  readonly #watch: WatchKeeper
  readonly #pending = new Map<number, Attempt>()
  readonly #perform: Readonly<Record<PeerEffect, () => void>> = {
    connect: () => this.#connect(),
    startConnectTimer: () => this.#startTimer(this.#context.timers.connectMs),
    startCapabilitiesTimer: () => this.#startTimer(this.#context.timers.capabilitiesMs),
    startDisconnectTimer: () => this.#startTimer(this.#context.timers.disconnectMs),
    sendCer: () => this.#i?.sendNow(this.#own.cer(this.#i.localAddress)),
    adoptR: () => this.#adopt(),
    sendCea: () => this.#sendCea(),
    elect: () => this.#elect(),
    openI: () => this.#opened(this.#i),
    openR: () => this.#opened(this.#r),
    rejectR: () => this.#reject(),
    closeI: () => this.#closeI(),
    closeR: () => this.#closeR(),
    sendDpr: () => this.#active?.sendNow(this.#own.dpr()),
    sendDpa: () => this.#sendDpa(),
    ended: () => this.#ended(),
  }
  readonly #stateTimer: Timed = { expire: () => this.#event('timeout') }
  readonly #reconnectTimer: Timed = { expire: () => this.#event('start') }
  #state: PeerState = 'closed'
  #i: DiameterConnection | undefined
  #r: DiameterConnection | undefined
  /** The one of both that is open. */
  #active: DiameterConnection | undefined
  /** An accepted connection of which the state machine has not decided. */
  #offered: { readonly connection: DiameterConnection; readonly introduction: Introduction } | undefined
  #introduction: Introduction | undefined
  #applications: readonly number[] = []
  #disconnectRequest: DiameterHeader | undefined
  #failures = 0
  #sinceMs: number
  #rttMs: number | undefined
  #sent = 0
  #received = 0
  #stopping = false
  /** The peer asked us not to come back by ourselves. */
  #unwanted = false
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
    this.#watch = new WatchKeeper({
      ...context,
      sendDwr: () => this.#active?.sendNow(this.#own.dwr()),
      failover: () => this.#onSuspect(),
      failback: () => context.event({ kind: 'failback', peer: this.identity }),
      close: () => this.#active?.destroy(new Error('watchdog')),
    })
  }

  get pending(): number {
    return this.#pending.size
  }

  get status(): PeerStatus {
    return {
      identity: this.#options.identity,
      state: this.#state,
      watchdog: this.#watch.state,
      realms: this.realms,
      priority: this.priority,
      pending: this.#pending.size,
      applications: this.#applications,
      since: new Date(this.#sinceMs).toISOString(),
      rttMs: this.#rttMs,
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

  submit(exchange: Exchange): Attempt | undefined {
    const connection = this.#active
    if (connection === undefined || this.#pending.size >= this.#context.limits.pendingPerPeer) {
      this.#context.event({ kind: 'windowFull', peer: this.identity })
      return undefined
    }
    let hopByHopId = this.#context.nextHopByHopId()
    while (this.#pending.has(hopByHopId)) hopByHopId = this.#context.nextHopByHopId()
    const octets = exchange.stamped(hopByHopId)
    const attempt = new Attempt(
      exchange,
      octets,
      this.#options.identity,
      this,
      hopByHopId,
      this.#context.now(),
    )
    this.#pending.set(hopByHopId, attempt)
    this.#sent++
    connection.sendRequest(attempt)
    return attempt
  }

  forget(attempt: Attempt): void {
    this.#pending.delete(attempt.hopByHopId)
  }

  /** A connection that the peer opened, with its checked CER. */
  accept(connection: DiameterConnection, introduction: Introduction): void {
    connection.owner = this
    this.#offered = { connection, introduction }
    if (this.#stopping || this.#options.role === 'initiate') this.#reject()
    else this.#event('rCer')
  }

  message(octets: Buffer, connection: DiameterConnection): void {
    const header = decodeHeader(octets)
    this.#received++
    if (connection === this.#active) this.#onMessage(octets, header, connection)
    else if (connection === this.#i) this.#onFirstMessage(octets)
  }

  framingLost(error: DecodeError, header: Buffer, connection: DiameterConnection): void {
    this.#malformed(error)
    if (connection === this.#active && decodeHeader(header).request) this.#serve(header, connection)
    connection.end()
  }

  lost(connection: DiameterConnection, error: Error | undefined): void {
    if (connection === this.#r) this.#event('rLost')
    else if (connection === this.#i) this.#lostI(error)
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
    const socket = this.#socket()
    const connection = new DiameterConnection(socket, this, this.#context.limits.messageOctets)
    this.#i = connection
    socket.once(this.#options.tls === undefined ? 'connect' : 'secureConnect', () => {
      if (this.#i === connection) this.#event('iConnected')
    })
  }

  /** With TLS the certificate must name the peer's identity, wherever it is reached (RFC 6733 §13.3). */
  #socket(): Socket {
    const { host = this.#options.identity, tls } = this.#options
    if (tls === undefined) return connect({ host, port: this.#options.port ?? DIAMETER_PORT })
    const { certificate: cert, key, authorities: ca } = tls
    const port = this.#options.port ?? DIAMETER_TLS_PORT
    return connectTls({ host, port, cert, key, ca, servername: this.identity, minVersion: 'TLSv1.2' })
  }

  #adopt(): void {
    this.#r = this.#offered?.connection
    this.#introduction = this.#offered?.introduction
    this.#offered = undefined
  }

  #reject(): void {
    this.#tell('rejected', `a second connection while ${this.#state}`)
    this.#offered?.connection.destroy()
    this.#offered = undefined
  }

  #sendCea(): void {
    if (this.#r !== undefined && this.#introduction !== undefined)
      this.#r.sendNow(this.#own.cea(this.#r.localAddress, this.#introduction.request))
  }

  #sendDpa(): void {
    if (this.#disconnectRequest !== undefined) this.#active?.sendNow(this.#own.dpa(this.#disconnectRequest))
  }

  #opened(connection: DiameterConnection | undefined): void {
    this.#context.clearTimer(this.#stateTimer)
    this.#context.clearTimer(this.#reconnectTimer)
    this.#active = connection
    this.#applications = this.#introduction?.applications ?? []
    this.#failures = 0
    this.#unwanted = false
    this.#tell('peerUp')
    this.#watch.up()
  }

  #elect(): void {
    if (winsElection(this.#context.local.originHost, this.identity)) this.#event('won')
  }

  #closeI(): void {
    const connection = this.#i
    this.#i = undefined
    this.#close(connection)
  }

  #closeR(): void {
    const connection = this.#r
    this.#r = undefined
    this.#close(connection)
  }

  #close(connection: DiameterConnection | undefined): void {
    if (connection !== undefined && connection === this.#active) this.#closedActive()
    connection?.end()
  }

  /** The open connection is gone: what waited on it has lost its answer. */
  #closedActive(): void {
    this.#active = undefined
    this.#applications = []
    this.#watch.lost()
    this.#tell('peerDown')
    for (const attempt of [...this.#pending.values()]) {
      if (this.#stopping) attempt.exchange.stopped(attempt)
      else attempt.exchange.lost(attempt)
    }
  }

  #ended(): void {
    const { timers, now, random, setTimer, clearTimer } = this.#context
    clearTimer(this.#stateTimer)
    this.#introduction = undefined
    this.#onClosed?.()
    if (this.#stopping || this.#unwanted || this.#options.role === 'accept') {
      this.#context.ended(this)
      return
    }
    const pauseMs = Math.min(timers.reconnectMs * 2 ** this.#failures, timers.reconnectMaximumMs)
    this.#failures = Math.min(this.#failures + 1, MOST_DOUBLINGS)
    setTimer(this.#reconnectTimer, now() + pauseMs * (1 - random() / 4))
  }

  /** What comes on our own connection before it is open must be the CEA. */
  #onFirstMessage(octets: Buffer): void {
    if (this.#state === 'waitICea' || this.#state === 'waitReturns')
      this.#event(this.#isGoodCea(octets) ? 'iCea' : 'iOther')
  }

  #isGoodCea(octets: Buffer): boolean {
    try {
      const verdict = checkCea(octets, this.#context.local, this.identity)
      if (verdict.kind === 'good')
        this.#introduction = { request: decodeHeader(octets), applications: verdict.applications }
      else this.#tell('rejected', verdict.detail)
      return verdict.kind === 'good'
    } catch (error) {
      this.#malformed(error)
      return false
    }
  }

  #onMessage(octets: Buffer, header: DiameterHeader, connection: DiameterConnection): void {
    const { request, commandCode } = header
    this.#watch.heard(!request && commandCode === MESSAGES.DWA.code)
    switch (commandCode) {
      case MESSAGES.DWR.code:
        if (request) connection.sendNow(this.#own.dwa(header))
        break
      case MESSAGES.DPR.code:
        if (request) this.#onDisconnectRequest(octets, header)
        else this.#event('dpa')
        break
      case MESSAGES.CER.code: // not negotiated again on an open connection (RFC 6733 §5.6)
        this.#tell('rejected', 'capabilities exchange on an open connection')
        break
      default:
        if (request) this.#serve(octets, connection)
        else this.#onAnswer(octets, header)
    }
  }

  #onDisconnectRequest(octets: Buffer, header: DiameterHeader): void {
    try {
      const cause = value(decodeDiameter(octets), 'Disconnect-Cause')
      this.#unwanted = cause === DisconnectCause.DO_NOT_WANT_TO_TALK_TO_YOU
    } catch (error) {
      this.#malformed(error)
    }
    this.#disconnectRequest = header
    this.#event('dpr')
  }

  #serve(octets: Buffer, connection: DiameterConnection): void {
    this.#context.serve(octets, decodeHeader(octets), this.identity, (answer) => {
      this.#sent++
      connection.sendAnswer(answer)
    })
  }

  #onAnswer(octets: Buffer, header: DiameterHeader): void {
    const attempt = this.#pending.get(header.hopByHopId)
    if (attempt === undefined) this.#tell('strayAnswer', `command ${header.commandCode}`)
    else {
      const answer = this.#readAnswer(octets, header, attempt)
      if (answer === undefined) attempt.exchange.malformed(attempt)
      else {
        this.#learnRtt(attempt)
        attempt.exchange.answered(attempt, answer.message, answer.result)
      }
    }
  }

  #learnRtt({ exchange, submittedAtMs }: Attempt): void {
    if (!exchange.failover) return
    const rttMs = this.#context.now() - submittedAtMs
    this.#rttMs = this.#rttMs === undefined ? rttMs : this.#rttMs + (rttMs - this.#rttMs) * RTT_GAIN
  }

  #readAnswer(octets: Buffer, header: DiameterHeader, { exchange }: Attempt): Answer | undefined {
    try {
      const message = decodeDiameter(octets, this.#context.limits.messageOctets)
      const result = resultOf(message)
      if (result !== undefined && header.commandCode === exchange.commandCode) return { message, result }
      const what = result === undefined ? 'an answer without a result' : 'an answer to another command'
      this.#tell('malformed', what)
    } catch (error) {
      this.#malformed(error)
    }
    return undefined
  }

  #onSuspect(): void {
    if (this.#active === undefined) return
    this.#tell('suspect')
    for (const attempt of [...this.#pending.values()]) attempt.exchange.suspect()
  }

  #malformed(error: unknown): void {
    if (!(error instanceof DecodeError)) throw error
    this.#tell('malformed', error.message)
  }

  #tell(kind: NodeEvent['kind'], detail?: string): void {
    this.#context.event({ kind, peer: this.identity, ...(detail !== undefined && { detail }) })
  }
}

/** Of the smoothed round trip, as in RFC 6298 §2. */
const RTT_GAIN = 1 / 8
/** Bounds the exponent of the reconnect pause. */
const MOST_DOUBLINGS = 16
