import type { Clock, Transport } from '@ipsmgw/sctp'

export interface ReconnectOptions {
  readonly reconnectMs: number
  readonly longestReconnectMs: number
}

export interface ReconnectDependencies {
  readonly clock: Clock
  readonly random: () => number
  readonly connect: (signal: AbortSignal) => Promise<Transport>
  readonly onTransport: (transport: Transport) => void
  readonly onFailure: (error: Error) => void
}

/** Opens a transport again and again: pauses grow from failure to failure and start small after a success. */
export class Reconnect {
  readonly #options: ReconnectOptions
  readonly #dependencies: ReconnectDependencies
  readonly #abort = new AbortController()
  #failures = 0
  #cancel: (() => void) | undefined

  constructor(options: ReconnectOptions, dependencies: ReconnectDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  now(): void {
    const { connect, onTransport, onFailure } = this.#dependencies
    connect(this.#abort.signal).then(
      (transport) => {
        if (this.#abort.signal.aborted) transport.destroy()
        else onTransport(transport)
      },
      (error: Error) => {
        if (this.#abort.signal.aborted) return
        onFailure(error)
        this.later()
      },
    )
  }

  /** After a pause. */
  later(): void {
    if (this.#abort.signal.aborted || this.#cancel) return
    const { clock, random } = this.#dependencies
    const { reconnectMs, longestReconnectMs } = this.#options
    const pauseMs = Math.min(longestReconnectMs, reconnectMs * 2 ** Math.min(this.#failures++, 16))
    this.#cancel = clock.after(pauseMs * (1 - random() / 4), () => {
      this.#cancel = undefined
      this.now()
    })
  }

  /** The peer proved to be good: the next pause is the first again. */
  succeeded(): void {
    this.#failures = 0
  }

  stop(): void {
    this.#abort.abort()
    this.#cancel?.()
    this.#cancel = undefined
  }
}
