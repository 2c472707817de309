import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { ListenerAddress, ListenerOptions } from './types.ts'

export interface UdpSink {
  datagram(octets: Buffer, remote: RemoteInfo, listener: UdpListener): void
  sendFailed(error: Error): void
}

/** One bound UDP socket. Sends to literal addresses only: no resolver is ever asked. */
export class UdpListener {
  readonly options: ListenerOptions
  readonly #sink: UdpSink
  readonly #socket: Socket
  readonly #sent: (error: Error | null) => void
  #open = false
  #address: ListenerAddress

  constructor(options: ListenerOptions, sink: UdpSink) {
    this.options = options
    this.#sink = sink
    this.#address = { transport: 'udp', host: options.host, port: options.port }
    const family = isIPv6(options.host) ? 6 : 4
    this.#socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      ipv6Only: family === 6,
      lookup: (hostname, _options, callback) => callback(null, hostname, family),
      ...(options.receiveBufferOctets === undefined ? {} : { recvBufferSize: options.receiveBufferOctets }),
    })
    this.#sent = (error) => {
      if (error !== null) this.#sink.sendFailed(error)
    }
  }

  get address(): ListenerAddress {
    return this.#address
  }

  /** Rejects with the system's error when the address cannot be bound. */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.once('error', reject)
      this.#socket.bind({ address: this.options.host, port: this.options.port }, () => {
        this.#socket.off('error', reject)
        resolve()
      })
    })
    this.#open = true
    const { address, port } = this.#socket.address()
    this.#address = { transport: 'udp', host: address, port }
    this.#socket.on('error', (error) => this.#sink.sendFailed(error))
    this.#socket.on('message', (octets, remote) => this.#sink.datagram(octets, remote, this))
  }

  /** False when the address may not be sent to, or the socket is closed. */
  send(octets: string, port: number, address: string): boolean {
    if (!this.#open || port === 0 || !isUnicast(address)) return false
    this.#socket.send(Buffer.from(octets, 'latin1'), port, address, this.#sent)
    return true
  }

  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()))
  }
}

/** Never answer to a group: not multicast, not broadcast, not the unspecified address (RFC 3261 §18.2.2 is narrower). */
export function isUnicast(address: string): boolean {
  if (address.includes(':')) return !/^ff/i.test(address) && address !== '::'
  const first = Number.parseInt(address, 10)
  return first > 0 && first < 224
}
