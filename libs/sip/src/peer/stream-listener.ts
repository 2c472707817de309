import { createServer, isIPv6, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type SecureContextOptions, Server as TlsServer } from 'node:tls'
import type { ListenerAddress, ListenerOptions } from './types.ts'

/** One listening TCP or TLS socket. */
export class StreamListener {
  readonly options: ListenerOptions
  readonly #server: Server
  #address: ListenerAddress

  constructor(options: ListenerOptions, accept: (socket: Socket, listener: StreamListener) => void) {
    this.options = options
    this.#address = { transport: options.transport, host: options.host, port: options.port }
    this.#server =
      options.transport === 'tls'
        ? createTlsServer({ handshakeTimeout: 10_000, ...options.tls }, (socket) => accept(socket, this))
        : createServer((socket) => accept(socket, this))
  }

  get address(): ListenerAddress {
    return this.#address
  }

  /** Rejects with the system's error when the address cannot be bound. */
  async start(): Promise<void> {
    const { host, port } = this.options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port, ipv6Only: isIPv6(host), backlog: 1024 }, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    this.#server.on('error', () => {}) // accept failed for want of descriptors: the peer will try again
    const bound = this.#server.address()
    if (bound !== null && typeof bound === 'object') {
      this.#address = { transport: this.options.transport, host: bound.address, port: bound.port }
    }
  }

  /** Connections from now on are met with this certificate; open ones are not touched. No effect on TCP. */
  renew(tls: SecureContextOptions): void {
    if (this.#server instanceof TlsServer) this.#server.setSecureContext({ ...this.options.tls, ...tls })
  }

  /** Stops accepting; open connections are not touched. */
  stop(): void {
    if (this.#server.listening) this.#server.close()
  }
}
