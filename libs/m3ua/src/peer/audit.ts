import type { Clock } from '@ipsmgw/sctp'
import type { MaskedPointCode } from '../parameters.ts'

/** Asks again and again for what is unavailable (RFC 4666 §4.5.3): a DAVA may get lost with an association. */
export class Audit {
  readonly #intervalMs: number
  readonly #clock: Clock
  readonly #unavailable: () => readonly MaskedPointCode[]
  readonly #ask: (pointCodes: readonly MaskedPointCode[]) => void
  #cancel: (() => void) | undefined

  constructor(
    intervalMs: number,
    clock: Clock,
    unavailable: () => readonly MaskedPointCode[],
    ask: (pointCodes: readonly MaskedPointCode[]) => void,
  ) {
    this.#intervalMs = intervalMs
    this.#clock = clock
    this.#unavailable = unavailable
    this.#ask = ask
  }

  /** Goes on until nothing is unavailable. */
  start(): void {
    this.#cancel ??= this.#clock.after(this.#intervalMs, () => {
      this.#cancel = undefined
      const pointCodes = this.#unavailable()
      if (pointCodes.length === 0) return
      this.#ask(pointCodes)
      this.start()
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
