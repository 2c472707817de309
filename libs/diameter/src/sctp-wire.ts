import { connectSctp, type Transport } from '@ipsmgw/sctp'
import { DIAMETER_PORT } from './ports.ts'
import type { PeerOptions } from './types.ts'
import type { Wire, WireHandlers } from './wire.ts'

/** Diameter in clear text (RFC 6733 §11.4). */
export const DIAMETER_PAYLOAD_PROTOCOL = 46

/** Opens the association; rejects when it is not to be had, or given up by the signal. */
type Open = (signal: AbortSignal) => Promise<Transport>

/**
 * An SCTP association (RFC 6733 §2.1.1): each write is one message, and messages take turns over the streams so that
 * none waits for the loss of another. What must be in order goes over stream 0.
 */
export class SctpWire implements Wire {
  readonly batchOctets = 1
  readonly #source: Open | Transport
  readonly #givenUp = new AbortController()
  #transport: Transport | undefined
  #error: Error | undefined
  #turn = 0

  /** An association that is up, or how one is opened. */
  constructor(source: Transport | Open) {
    this.#source = source
    if (typeof source !== 'function') this.#transport = source
  }

  /** Several hosts of the peer, or own addresses, make the association multi-homed. */
  static dial(peer: PeerOptions, connectTimeoutMs: number): SctpWire {
    const { identity, host = identity, furtherHosts = [], localAddresses = [] } = peer
    const options = {
      transport: 'sctp',
      hosts: [host, ...furtherHosts],
      port: peer.port ?? DIAMETER_PORT,
      payloadProtocol: DIAMETER_PAYLOAD_PROTOCOL,
      connectTimeoutMs,
      ...(localAddresses.length > 0 && { localAddresses }),
    } as const
    return new SctpWire((signal) => connectSctp(options, {}, signal))
  }

  get remoteAddress(): string {
    return this.#transport?.remote ?? 'unknown'
  }

  get localAddresses(): readonly string[] {
    return this.#transport?.localAddresses ?? []
  }

  start(handlers: WireHandlers): void {
    if (typeof this.#source === 'function') void this.#dial(this.#source, handlers)
    else this.#listen(this.#source, handlers)
  }

  write(octets: Buffer, ordered: boolean): boolean {
    const streams = this.#transport?.outboundStreams ?? 1
    const stream = ordered || streams === 1 ? 0 : 1 + (this.#turn++ % (streams - 1))
    // One at a time: what is not written yet can still be withdrawn.
    this.#transport?.send({ octets, stream })
    return false
  }

  end(): void {
    this.#givenUp.abort()
    this.#transport?.close()
  }

  destroy(error?: Error): void {
    this.#error ??= error
    this.#givenUp.abort()
    this.#transport?.destroy()
  }

  async #dial(open: Open, handlers: WireHandlers): Promise<void> {
    try {
      const transport = await open(this.#givenUp.signal)
      this.#transport = transport
      this.#listen(transport, handlers)
      if (this.#givenUp.signal.aborted) transport.destroy()
      else handlers.ready()
    } catch (error) {
      handlers.closed(this.#error ?? (error as Error))
    }
  }

  #listen(transport: Transport, handlers: WireHandlers): void {
    transport.start({
      onData: (octets) => handlers.data(octets),
      onDrain: () => handlers.drain(),
      onClose: (error) => handlers.closed(this.#error ?? error),
    })
  }
}
