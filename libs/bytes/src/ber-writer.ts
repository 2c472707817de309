import { EncodeError } from './errors.ts'

/**
 * Writes BER with definite lengths in the shortest form (X.690 §8.1.3). `open` begins a constructed element, `close`
 * ends the innermost one. A tag is its identifier octet.
 */
export class BerWriter {
  readonly #protocol: string
  #buffer: Buffer
  #length = 0
  /** Positions of the length octet of the open elements. */
  readonly #open: number[] = []

  constructor(protocol: string, expectedOctets = 256) {
    this.#protocol = protocol
    this.#buffer = Buffer.allocUnsafe(expectedOctets)
  }

  open(tag: number): this {
    this.#room(2)
    this.#buffer[this.#length] = tag
    this.#buffer[this.#length + 1] = 0
    this.#open.push(this.#length + 1)
    this.#length += 2
    return this
  }

  close(): this {
    const at = this.#open.pop()
    if (at === undefined) throw new EncodeError(this.#protocol, 'element', 'closed once too often')
    const length = this.#length - at - 1
    if (length < 0x80) {
      this.#buffer[at] = length
      return this
    }
    const extra = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3
    this.#room(extra)
    this.#buffer.copyWithin(at + 1 + extra, at + 1, this.#length)
    this.#length += extra
    this.#buffer[at] = 0x80 | extra
    this.#buffer.writeUIntBE(length, at + 1, extra)
    return this
  }

  octets(tag: number, value: Uint8Array): this {
    this.#header(tag, value.length)
    return this.raw(value)
  }

  /** INTEGER or ENUMERATED in the fewest octets, up to 32 bits. */
  integer(tag: number, value: number): this {
    if (!Number.isInteger(value) || value < -0x80000000 || value > 0x7fffffff)
      throw new EncodeError(this.#protocol, 'integer', `${value} is no 32 bit integer`)
    let count = 1
    while (count < 4 && value >> (8 * count - 1) !== 0 && value >> (8 * count - 1) !== -1) count++
    this.#header(tag, count)
    for (let i = count - 1; i >= 0; i--) this.#buffer[this.#length++] = value >> (8 * i)
    return this
  }

  boolean(tag: number, value: boolean): this {
    this.#header(tag, 1)
    this.#buffer[this.#length++] = value ? 0xff : 0
    return this
  }

  null(tag: number): this {
    this.#header(tag, 0)
    return this
  }

  /** OBJECT IDENTIFIER from dotted form. */
  oid(tag: number, dotted: string): this {
    return this.octets(tag, encodeOid(dotted, this.#protocol))
  }

  /** Whole elements, encoded before. */
  raw(elements: Uint8Array): this {
    this.#room(elements.length)
    this.#buffer.set(elements, this.#length)
    this.#length += elements.length
    return this
  }

  /** The octets written. The writer must not be used afterwards. */
  finish(): Buffer {
    if (this.#open.length > 0) throw new EncodeError(this.#protocol, 'element', 'left open')
    return this.#buffer.subarray(0, this.#length)
  }

  #header(tag: number, length: number): void {
    this.#room(length + 5)
    this.#buffer[this.#length++] = tag
    if (length < 0x80) this.#buffer[this.#length++] = length
    else {
      const count = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3
      this.#buffer[this.#length++] = 0x80 | count
      this.#length = this.#buffer.writeUIntBE(length, this.#length, count)
    }
  }

  #room(octets: number): void {
    const needed = this.#length + octets
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }
}

/** Contents octets of an OBJECT IDENTIFIER (X.690 §8.19). Arcs up to 32 bits. */
export function encodeOid(dotted: string, protocol = 'BER'): Uint8Array {
  const [first = '', second = '', ...rest] = dotted.split('.')
  const top = arcOf(first, dotted, protocol)
  const below = arcOf(second, dotted, protocol)
  if (top > 2 || below > (top === 2 ? 47 : 39))
    throw new EncodeError(protocol, 'objectIdentifier', `"${dotted}"`)
  const octets = [top * 40 + below]
  for (const text of rest) {
    const arc = arcOf(text, dotted, protocol)
    for (let shift = 28; shift > 0; shift -= 7)
      if (arc >= 2 ** shift) octets.push(0x80 | ((arc >>> shift) & 0x7f))
    octets.push(arc & 0x7f)
  }
  return Uint8Array.from(octets)
}

function arcOf(text: string, dotted: string, protocol: string): number {
  const arc = Number(text)
  if (text === '' || !Number.isInteger(arc) || arc < 0 || arc > 0xffffffff)
    throw new EncodeError(protocol, 'objectIdentifier', `"${dotted}"`)
  return arc
}
