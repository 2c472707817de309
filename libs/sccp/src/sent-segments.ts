import type { Clock } from '@ipsmgw/sctp'
import type { Segmentation } from './messages.ts'

/** Longer than any reassembly timer of a receiver. */
const KEPT_MS = 30_000
const MOST_MESSAGES = 1_000
const LOCAL_REFERENCES = 0x1000000

interface Sent {
  readonly data: Uint8Array
  readonly expiresAtMs: number
}

/**
 * Local references, and the messages that were sent in segments under them: a service message brings back one segment,
 * whichever it was, and the user is to hear once of the whole.
 */
export class SentSegments {
  readonly #clock: Clock
  readonly #sent = new Map<number, Sent>()
  #next: number

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock
    this.#next = Math.floor(random() * LOCAL_REFERENCES)
  }

  /** Gives the local reference. The oldest is forgotten when there are too many. */
  remember(data: Uint8Array): number {
    const nowMs = this.#clock.now()
    for (const [reference, { expiresAtMs }] of this.#sent) {
      if (expiresAtMs > nowMs && this.#sent.size < MOST_MESSAGES) break
      this.#sent.delete(reference)
    }
    const reference = this.#next
    this.#next = (reference + 1) % LOCAL_REFERENCES
    this.#sent.set(reference, { data, expiresAtMs: nowMs + KEPT_MS })
    return reference
  }

  /** The whole message the first time; then nothing. An unknown reference gives a first segment as it is. */
  returned({ first, localReference }: Segmentation, data: Uint8Array): Uint8Array | undefined {
    const sent = this.#sent.get(localReference)
    this.#sent.delete(localReference)
    if (sent !== undefined) return sent.data
    return first ? data : undefined
  }
}
