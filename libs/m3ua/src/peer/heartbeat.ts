import type { Clock } from '@ipsmgw/sctp'

/** BEAT at every interval; a BEAT ACK that does not come until the next says that the peer is gone (RFC 4666 §4.3.4.6). */
export class Heartbeat {
  readonly #intervalMs: number
  readonly #clock: Clock
  readonly #send: (data: Uint8Array) => void
  readonly #onLost: () => void
  #cancel: (() => void) | undefined
  #sequence = 0
  #awaited: Buffer | undefined

  constructor(intervalMs: number, clock: Clock, send: (data: Uint8Array) => void, onLost: () => void) {
    this.#intervalMs = intervalMs
    this.#clock = clock
    this.#send = send
    this.#onLost = onLost
  }

  start(): void {
    this.stop()
    if (this.#intervalMs > 0) this.#wait()
  }

  acknowledge(data: Uint8Array | undefined): void {
    if (data !== undefined && this.#awaited?.equals(data)) this.#awaited = undefined
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#awaited = undefined
  }

  #wait(): void {
    this.#cancel = this.#clock.after(this.#intervalMs, () => {
      if (this.#awaited !== undefined) {
        this.stop()
        return this.#onLost()
      }
      const data = Buffer.alloc(4)
      data.writeUInt32BE(this.#sequence++ >>> 0)
      this.#awaited = data
      this.#wait()
      this.#send(data)
    })
  }
}
