import { connect, type Socket } from 'node:net'

/**
 * A connection that says nothing and tells when the process behind it has gone. A front learns that from the
 * connection it sends on; the SIP endpoint keeps a request open there, because a server may answer on another.
 */
export class Watch {
  readonly #port: number
  readonly #waiting = new Set<() => void>()
  #socket: Socket | undefined

  constructor(port: number) {
    this.#port = port
  }

  /** Calls `lost` once the process has gone (or is not there); the returned function takes that back. */
  onLost(lost: () => void): () => void {
    this.#waiting.add(lost)
    this.#socket ??= this.#open()
    return () => this.#waiting.delete(lost)
  }

  close(): void {
    this.#waiting.clear()
    this.#socket?.destroy()
  }

  #open(): Socket {
    const socket = connect(this.#port, '127.0.0.1')
    socket.on('error', () => {})
    socket.resume()
    socket.once('close', () => {
      this.#socket = undefined
      const waiting = [...this.#waiting]
      this.#waiting.clear()
      for (const lost of waiting) lost()
    })
    return socket
  }
}
