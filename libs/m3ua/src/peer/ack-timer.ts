import type { Clock } from '@ipsmgw/sctp'

/** T(ack) with its count of repetitions (RFC 4666 §4.3.4.1). */
export class AckTimer {
  readonly #clock: Clock
  readonly #options: { readonly ackMs: number; readonly ackRepetitions: number }
  readonly #onEvent: (event: 'timerAck' | 'exhausted') => void
  #cancel: (() => void) | undefined
  #repetitions = 0

  constructor(
    options: { readonly ackMs: number; readonly ackRepetitions: number },
    clock: Clock,
    onEvent: (event: 'timerAck' | 'exhausted') => void,
  ) {
    this.#options = options
    this.#clock = clock
    this.#onEvent = onEvent
  }

  start(): void {
    this.#cancel?.()
    this.#cancel = this.#clock.after(this.#options.ackMs, () => {
      this.#cancel = undefined
      if (this.#repetitions++ < this.#options.ackRepetitions) return this.#onEvent('timerAck')
      this.#repetitions = 0
      this.#onEvent('exhausted')
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#repetitions = 0
  }
}
