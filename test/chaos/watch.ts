import { connect, type Socket } from 'node:net'

/** A process that has gone takes its port with it; one that closes a line nobody uses is there at once. */
const LOOK_AGAIN_MS = 20

/**
 * A connection that says nothing and tells when the process behind it has gone. A front learns that from the
 * connection it sends on; the SIP endpoint keeps a request open there, because a server may answer on another.
 */
export class Watch {
  readonly #port: number
  readonly #waiting = new Set<() => void>()
  #socket: Socket | undefined
  #closed = false

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
    this.#closed = true
    this.#waiting.clear()
    this.#socket?.destroy()
  }

  #open(): Socket {
    const socket = connect(this.#port, '127.0.0.1')
    let wasOpen = false
    socket.on('error', () => {})
    socket.once('connect', () => {
      wasOpen = true
    })
    socket.resume()
    socket.once('close', () => {
      if (!wasOpen || this.#closed) return this.#lost()
      setTimeout(() => {
        if (!this.#closed) this.#socket = this.#open()
      }, LOOK_AGAIN_MS)
    })
    return socket
  }

  #lost(): void {
    this.#socket = undefined
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const lost of waiting) lost()
  }
}
