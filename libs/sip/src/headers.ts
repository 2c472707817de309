import { COMPACT_FORMS, HEADER_NAMES, type HeaderEntry } from './messages.ts'

/** A header the parser knows: its key, and a bit for those of which a message may or must have one line. */
export interface KnownHeader {
  readonly key: string
  readonly bit: number
}

/** Headers whose number of lines the parser watches. */
export const WATCHED = {
  via: 1,
  from: 2,
  to: 4,
  'call-id': 8,
  cseq: 16,
  'max-forwards': 32,
  'content-length': 64,
  'content-type': 128,
} as const

/** Spellings met most; anything else takes the slow way. Constant after loading. */
const KNOWN: ReadonlyMap<string, KnownHeader> = (() => {
  const known = new Map<string, KnownHeader>()
  const bits: Readonly<Record<string, number>> = WATCHED
  for (const name of HEADER_NAMES) {
    const key = name.toLowerCase()
    const header = { key, bit: bits[key] ?? 0 }
    for (const spelling of [name, key, name.toUpperCase()]) known.set(spelling, header)
  }
  for (const [letter, key] of Object.entries(COMPACT_FORMS)) {
    const header = known.get(key) ?? { key, bit: 0 }
    known.set(letter, header)
    known.set(letter.toUpperCase(), header)
  }
  return known
})()

/** The known header of a name in any spelling, or undefined. */
export function knownHeader(name: string): KnownHeader | undefined {
  return KNOWN.get(name) ?? KNOWN.get(name.toLowerCase())
}

/** Lower-case long form of a header name as written, so that `i`, `Call-Id` and `CALL-ID` are one key. */
export function headerKey(name: string): string {
  return knownHeader(name)?.key ?? name.toLowerCase()
}

/**
 * Header lines of one received message: order, spelling and unknown headers kept, values as octet strings with
 * their folds undone. Values are cut out of the text when asked for.
 */
export class SipHeaders implements Iterable<HeaderEntry> {
  readonly #text: string
  readonly #keys: readonly string[]
  /** Per line: start of the name, its end, start of the value, its end. */
  readonly #bounds: readonly number[]

  /** Whether some value holds a line break: a fold, or octets that must never get into an answer. */
  readonly #broken: boolean

  constructor(text: string, keys: readonly string[], bounds: readonly number[], broken: boolean) {
    this.#text = text
    this.#keys = keys
    this.#bounds = bounds
    this.#broken = broken
  }

  get size(): number {
    return this.#keys.length
  }

  /** Value of the first line with that key (lower-case long form). */
  get(key: string): string | undefined {
    const index = this.#keys.indexOf(key)
    return index < 0 ? undefined : this.#value(index)
  }

  has(key: string): boolean {
    return this.#keys.indexOf(key) >= 0
  }

  /** How many lines have that key. */
  count(key: string): number {
    let count = 0
    for (const other of this.#keys) if (other === key) count++
    return count
  }

  /** Values of all lines with that key, in order, not split at commas. */
  all(key: string): string[] {
    const values: string[] = []
    for (let i = this.#keys.indexOf(key); i >= 0; i = this.#keys.indexOf(key, i + 1))
      values.push(this.#value(i))
    return values
  }

  /** Name as written and value of each line. */
  *[Symbol.iterator](): Iterator<HeaderEntry> {
    for (let i = 0; i < this.#keys.length; i++) {
      yield [this.#text.slice(this.#bounds[4 * i], this.#bounds[4 * i + 1]), this.#value(i)]
    }
  }

  /** Offset of the first line's value with that key, for error reports; 0 when absent. */
  offsetOf(key: string): number {
    const index = this.#keys.indexOf(key)
    return index < 0 ? 0 : (this.#bounds[4 * index + 2] ?? 0)
  }

  #value(index: number): string {
    const start = this.#bounds[4 * index + 2] ?? 0
    const end = this.#bounds[4 * index + 3] ?? 0
    const value = this.#text.slice(start, end)
    return this.#broken ? value.replace(/[ \t]*[\r\n]+[ \t]*/g, ' ').trim() : value
  }
}
