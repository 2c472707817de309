export interface TransactionIdOptions {
  /** High bits of every own transaction id that carry `instance`: 0 to 16. */
  readonly instanceBits: number
  readonly instance: number
  /** Four random 32 bit numbers: ids cannot be guessed without them, and differ after a restart. */
  readonly seeds: readonly [number, number, number, number]
}

/**
 * Own transaction ids, 32 bits: the instance that owns the dialogue in front, then a permuted counter. No id comes
 * again before all others were used, and the next one cannot be guessed from the last.
 */
export class TransactionIds {
  readonly #options: TransactionIdOptions
  readonly #bits: number
  #counter: number

  /** Throws RangeError when the instance has no place in its bits. */
  constructor(options: TransactionIdOptions) {
    const { instanceBits, instance, seeds } = options
    if (instanceBits < 0 || instanceBits > 16 || instance < 0 || instance >= 2 ** instanceBits)
      throw new RangeError(`instance ${instance} does not fit ${instanceBits} bits`)
    this.#options = options
    this.#bits = 32 - instanceBits
    this.#counter = seeds[0] % 2 ** this.#bits
  }

  /** How many ids there are. */
  get capacity(): number {
    return 2 ** this.#bits
  }

  next(): number {
    this.#counter = (this.#counter + 1) % this.capacity
    return this.#options.instance * this.capacity + this.#permute(this.#counter)
  }

  /** The instance that gave out an id. */
  instanceOf(id: number): number {
    return Math.floor(id / this.capacity)
  }

  isOwn(id: number): boolean {
    return this.instanceOf(id) === this.#options.instance
  }

  /** A Feistel network of four rounds over halves that may differ by one bit. */
  #permute(value: number): number {
    const lowBits = this.#bits >> 1
    const lowMask = 2 ** lowBits - 1
    const highMask = 2 ** (this.#bits - lowBits) - 1
    let low = value & lowMask
    let high = (value >>> lowBits) & highMask
    const { seeds } = this.#options
    low ^= mix(high ^ seeds[0]) & lowMask
    high ^= mix(low ^ seeds[1]) & highMask
    low ^= mix(high ^ seeds[2]) & lowMask
    high ^= mix(low ^ seeds[3]) & highMask
    return high * 2 ** lowBits + low
  }
}

/** A 32 bit hash with full avalanche. */
function mix(value: number): number {
  let x = Math.imul(value ^ (value >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return x ^ (x >>> 16)
}

/** A transaction id as a number: own ids have four octets, and a peer may leave out zeros in front. */
export function readId(octets: Uint8Array): number {
  let id = 0
  for (let i = 0; i < octets.length; i++) id = id * 256 + (octets[i] as number)
  return id
}

/** Own ids are always written in four octets. */
export function writeId(id: number): Uint8Array {
  return Uint8Array.of(id >>> 24, (id >>> 16) & 0xff, (id >>> 8) & 0xff, id & 0xff)
}
