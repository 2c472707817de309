import { DecodeError } from '@ipsmgw/bytes'
import {
  type DestinationState,
  Listeners,
  type MtpService,
  type MtpStatus,
  Reconnect,
  type ReconnectOptions,
  SERVICE_INDICATOR_SCCP,
  type SendResult,
  type TransferIndication,
  type TransferRequest,
} from '@ipsmgw/m3ua'
import { type Clock, connectTcp, systemClock, type TcpConnectOptions, type Transport } from '@ipsmgw/sctp'
import {
  CcmType,
  decodeIdRequest,
  encodeIdResponse,
  encodeIpa,
  IdentityTag,
  type IpaFrame,
  IpaFramer,
  IpaStream,
} from './codec.ts'

export interface IpaLinkOptions {
  readonly connect: TcpConnectOptions
  /** Name of the application server at the STP. */
  readonly unitName: string
  /** Between pings; a ping that is not answered until the next ends the connection. */
  readonly pingMs?: number
  /** From the connection until the identity is accepted. */
  readonly setupMs?: number
  readonly reconnect?: Partial<ReconnectOptions>
}

export type IpaEvent =
  | { readonly kind: 'up' }
  | { readonly kind: 'down'; readonly error: Error | undefined }
  | { readonly kind: 'connectFailed'; readonly error: Error }
  | { readonly kind: 'pingLost' | 'setupTimeout' }
  | { readonly kind: 'malformed'; readonly error: DecodeError }

export interface IpaDependencies {
  readonly clock?: Clock
  readonly random?: () => number
  readonly connect?: (signal: AbortSignal) => Promise<Transport>
  readonly onEvent?: (event: IpaEvent) => void
}

const DEFAULTS = { pingMs: 20_000, setupMs: 5_000 } as const
const RECONNECT: ReconnectOptions = { reconnectMs: 1_000, longestReconnectMs: 30_000 }
const LONGEST_DATA_OCTETS = 4_096

/**
 * SCCP over the IPA multiplex on TCP (SCCPlite). It carries no point codes: the STP decides by configuration where
 * the messages of a unit go, and `dpc` has no say. Received messages show point codes 0.
 */
export class IpaLink implements MtpService {
  readonly #options: IpaLinkOptions
  readonly #clock: Clock
  readonly #onEvent: (event: IpaEvent) => void
  readonly #reconnect: Reconnect
  readonly #transfers = new Listeners<TransferIndication>()
  readonly #statuses = new Listeners<MtpStatus>()
  #transport: Transport | undefined
  #active = false
  #pongAwaited = false
  #cancelTimer: (() => void) | undefined
  #stopped: PromiseWithResolvers<void> | undefined

  constructor(options: IpaLinkOptions, dependencies: IpaDependencies = {}) {
    const { clock = systemClock, random = Math.random, onEvent = () => {} } = dependencies
    this.#options = options
    this.#clock = clock
    this.#onEvent = onEvent
    this.#reconnect = new Reconnect(
      { ...RECONNECT, ...options.reconnect },
      {
        clock,
        random,
        connect: dependencies.connect ?? ((signal) => connectTcp(options.connect, clock, signal)),
        onTransport: (transport) => this.#onTransport(transport),
        onFailure: (error) => onEvent({ kind: 'connectFailed', error }),
      },
    )
  }

  get active(): boolean {
    return this.#active
  }

  start(): void {
    this.#reconnect.now()
  }

  async stop(): Promise<void> {
    this.#reconnect.stop()
    if (this.#transport === undefined) return
    this.#stopped ??= Promise.withResolvers<void>()
    this.#setActive(false)
    this.#transport.close()
    await this.#stopped.promise
  }

  send(request: TransferRequest): SendResult {
    if (request.data.length > LONGEST_DATA_OCTETS) return { sent: false, reason: 'tooLong' }
    if (!this.#active || this.#transport === undefined) return { sent: false, reason: 'notActive' }
    const octets = encodeIpa(IpaStream.sccp, request.data)
    const onUnsent = () => this.#statuses.emit({ kind: 'undelivered', request })
    return this.#transport.send({ octets, stream: 0, onUnsent })
      ? { sent: true }
      : { sent: false, reason: 'queueFull' }
  }

  onTransfer(listener: (indication: TransferIndication) => void): () => void {
    return this.#transfers.add(listener)
  }

  onStatus(listener: (status: MtpStatus) => void): () => void {
    return this.#statuses.add(listener)
  }

  /** Nothing is ever said of destinations. */
  destination(pointCode: number): DestinationState {
    return { pointCode, availability: 'unknown', congestionLevel: 0 }
  }

  #onTransport(transport: Transport): void {
    const framer = new IpaFramer()
    this.#transport = transport
    transport.start({
      onData: (octets) => this.#onData(transport, framer, octets),
      onClose: (error) => this.#onClose(error),
    })
    const { setupMs = DEFAULTS.setupMs } = this.#options
    this.#cancelTimer = this.#clock.after(setupMs, () => this.#giveUp('setupTimeout'))
  }

  #onClose(error: Error | undefined): void {
    this.#transport = undefined
    this.#cancelTimer?.()
    this.#setActive(false)
    this.#onEvent({ kind: 'down', error })
    if (this.#stopped === undefined) this.#reconnect.later()
    else this.#stopped.resolve()
  }

  #onData(transport: Transport, framer: IpaFramer, octets: Buffer): void {
    const frames = this.#decode(transport, () => framer.push(octets))
    for (const frame of frames ?? []) this.#onFrame(transport, frame)
  }

  /** What this layer cannot read ends the connection; faults of its user are not its own. */
  #decode<T>(transport: Transport, decode: () => T): T | undefined {
    try {
      return decode()
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#onEvent({ kind: 'malformed', error })
      transport.destroy()
      return undefined
    }
  }

  #onFrame(transport: Transport, { stream, payload }: IpaFrame): void {
    if (stream === IpaStream.ccm) this.#onManagement(transport, payload)
    else if (stream === IpaStream.sccp && this.#active)
      this.#transfers.emit({
        opc: 0,
        dpc: 0,
        si: SERVICE_INDICATOR_SCCP,
        ni: 0,
        mp: 0,
        sls: 0,
        data: payload,
      })
  }

  /** Unknown messages are ignored. */
  #onManagement(transport: Transport, payload: Buffer): void {
    const [type] = payload
    if (type === CcmType.ping) this.#sendManagement(Buffer.of(CcmType.pong))
    else if (type === CcmType.pong) this.#pongAwaited = false
    else if (type === CcmType.idAck) this.#onAccepted()
    else if (type === CcmType.idRequest) {
      const tags = this.#decode(transport, () => decodeIdRequest(payload))
      if (tags?.includes(IdentityTag.unitName)) this.#sendManagement(encodeIdResponse(this.#options.unitName))
    }
  }

  /** The STP knows the name. Its acknowledgement is acknowledged once. */
  #onAccepted(): void {
    if (this.#active || this.#stopped) return
    this.#sendManagement(Buffer.of(CcmType.idAck))
    this.#reconnect.succeeded()
    this.#schedulePing()
    this.#onEvent({ kind: 'up' })
    this.#setActive(true)
  }

  #schedulePing(): void {
    const { pingMs = DEFAULTS.pingMs } = this.#options
    this.#cancelTimer?.()
    this.#pongAwaited = false
    this.#cancelTimer = this.#clock.after(pingMs, () => this.#ping(pingMs))
  }

  #ping(pingMs: number): void {
    if (this.#pongAwaited) {
      this.#giveUp('pingLost')
      return
    }
    this.#pongAwaited = true
    this.#sendManagement(Buffer.of(CcmType.ping))
    this.#cancelTimer = this.#clock.after(pingMs, () => this.#ping(pingMs))
  }

  #giveUp(kind: 'pingLost' | 'setupTimeout'): void {
    this.#onEvent({ kind })
    this.#transport?.destroy()
  }

  /** Alone: a real STP drops what stands behind its peer's identity acknowledgement in one read. */
  #sendManagement(payload: Buffer): void {
    this.#transport?.send({ octets: encodeIpa(IpaStream.ccm, payload), stream: 0, alone: true })
  }

  #setActive(active: boolean): void {
    if (this.#active === active) return
    this.#active = active
    this.#statuses.emit({ kind: active ? 'up' : 'down' })
  }
}
