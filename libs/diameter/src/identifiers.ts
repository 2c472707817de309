export interface IdentifiersDependencies {
  now(): number
  random(): number
}

const UINT32 = 2 ** 32
/** Bits of an end-to-end identifier below the time (RFC 6733 §3). */
const END_TO_END_COUNTER_BITS = 20

/** Identifiers of messages and sessions that no other start of this node gives again soon (RFC 6733 §3, §8.8). */
export class Identifiers {
  readonly #sessionPrefix: string
  #sessions: number
  #hopByHop: number
  #endToEnd: number

  constructor(originHost: string, { now, random }: IdentifiersDependencies) {
    const seconds = Math.floor(now() / 1000)
    this.#sessionPrefix = `${originHost};${seconds};`
    this.#sessions = Math.floor(random() * 2 ** 31)
    this.#hopByHop = Math.floor(random() * UINT32)
    const low = Math.floor(random() * 2 ** END_TO_END_COUNTER_BITS)
    this.#endToEnd = ((seconds & 0xfff) * 2 ** END_TO_END_COUNTER_BITS + low) >>> 0
  }

  nextSessionId(): string {
    return `${this.#sessionPrefix}${++this.#sessions}`
  }

  nextHopByHopId(): number {
    this.#hopByHop = (this.#hopByHop + 1) % UINT32
    return this.#hopByHop
  }

  nextEndToEndId(): number {
    this.#endToEnd = (this.#endToEnd + 1) % UINT32
    return this.#endToEnd
  }
}
