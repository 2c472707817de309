import type { ByteRange, MsrpLimits } from './messages.ts'

/** Why a chunk cannot be taken. */
export type AssemblyFault = 'tooLarge' | 'outOfBounds' | 'tooManyGaps'

/** One message put together from chunks, in any order, twice or overlapping (RFC 4975 §5.1, §7.3.1). */
export class Assembly {
  readonly #limits: MsrpLimits
  #octets = Buffer.alloc(0)
  /** Stretches that are there, `[from, to)`, in order, apart from each other. */
  #stretches: readonly (readonly [number, number])[] = []
  #total: number | undefined

  constructor(limits: MsrpLimits) {
    this.#limits = limits
  }

  /** Takes a chunk's octets at its place; `last`: the message ends with it. */
  take({ start, total }: ByteRange, octets: Buffer, last: boolean): AssemblyFault | undefined {
    const from = start - 1
    const to = from + octets.length
    const announced = total ?? (last ? to : undefined)
    if (to > this.#limits.messageOctets || (announced ?? 0) > this.#limits.messageOctets) return 'tooLarge'
    if (this.#total !== undefined && announced !== undefined && announced !== this.#total)
      return 'outOfBounds'
    const known = this.#total ?? announced
    if (known !== undefined && (to > known || this.#octets.length > known)) return 'outOfBounds'
    const stretches = joined(this.#stretches, from, to)
    if (stretches.length > this.#limits.gaps) return 'tooManyGaps'
    this.#total = known
    this.#stretches = stretches
    this.#write(from, octets)
    return undefined
  }

  /** The whole message; undefined while something is missing. */
  whole(): Buffer | undefined {
    if (this.#total === 0) return this.#octets
    const [first, ...others] = this.#stretches
    if (first === undefined || others.length > 0 || first[0] !== 0 || first[1] !== this.#total)
      return undefined
    return this.#octets
  }

  #write(from: number, octets: Buffer): void {
    const end = from + octets.length
    if (end > this.#octets.length) {
      const larger = Buffer.alloc(end)
      this.#octets.copy(larger)
      this.#octets = larger
    }
    octets.copy(this.#octets, from)
  }
}

/** The stretches with one more: those that it touches become one. */
function joined(
  stretches: readonly (readonly [number, number])[],
  from: number,
  to: number,
): readonly (readonly [number, number])[] {
  if (from === to) return stretches
  let [low, high] = [from, to]
  const apart = stretches.filter(([start, end]) => {
    if (end < low || start > high) return true
    low = Math.min(low, start)
    high = Math.max(high, end)
    return false
  })
  return [...apart, [low, high] as const].sort(([a], [b]) => a - b)
}
