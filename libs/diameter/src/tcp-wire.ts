import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { DIAMETER_PORT, DIAMETER_TLS_PORT } from './ports.ts'
import type { PeerOptions } from './types.ts'
import type { Wire, WireHandlers } from './wire.ts'

const BATCH_OCTETS = 64 * 1024
const KEEP_ALIVE_MS = 60_000
/** How long a connection that is being closed may take to flush. */
const LINGER_MS = 2_000

/** TCP, or TLS over it. */
export class TcpWire implements Wire {
  readonly batchOctets = BATCH_OCTETS
  readonly remoteAddress: string
  readonly #socket: Socket
  readonly #readyEvent: 'connect' | 'secureConnect'
  #error: Error | undefined

  constructor(socket: Socket, readyEvent: 'connect' | 'secureConnect' = 'connect') {
    this.#socket = socket
    this.#readyEvent = readyEvent
    this.remoteAddress = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    socket.on('error', (error) => {
      this.#error ??= error
    })
  }

  /** With TLS the certificate must name the peer's identity, wherever it is reached (RFC 6733 §13.3). */
  static dial({ identity, host = identity, port, tls }: PeerOptions): TcpWire {
    if (tls === undefined) return new TcpWire(connect({ host, port: port ?? DIAMETER_PORT }))
    const { certificate: cert, key, authorities: ca } = tls
    const servername = identity.toLowerCase()
    const to = { host, port: port ?? DIAMETER_TLS_PORT, servername }
    return new TcpWire(connectTls({ ...to, cert, key, ca, minVersion: 'TLSv1.2' }), 'secureConnect')
  }

  get localAddresses(): readonly string[] {
    return [(this.#socket.localAddress ?? '127.0.0.1').replace(/^::ffff:/, '').replace(/%.*$/, '')]
  }

  start(handlers: WireHandlers): void {
    const socket = this.#socket
    socket.once(this.#readyEvent, () => handlers.ready())
    socket.on('data', (octets: Buffer) => handlers.data(octets))
    socket.on('drain', () => handlers.drain())
    socket.on('end', () => socket.destroy())
    socket.on('close', () => handlers.closed(this.#error))
  }

  write(octets: Buffer): boolean {
    return this.#socket.write(octets)
  }

  end(): void {
    this.#socket.end()
    this.#socket.setTimeout(LINGER_MS, () => this.#socket.destroy())
  }

  destroy(error?: Error): void {
    this.#error ??= error
    this.#socket.destroy()
  }
}
