/**
 * Growing big-endian writer. It owns its buffer until `finish`, so two messages never share octets.
 * Lengths that are known only afterwards are written by `patchUint8` / `patchUint16` / `patchUint24` / `patchUint32`.
 */
export class ByteWriter {
  #buffer: Buffer
  #length = 0

  constructor(expectedOctets = 256) {
    this.#buffer = Buffer.allocUnsafe(expectedOctets)
  }

  /** Octets written so far. */
  get length(): number {
    return this.#length
  }

  uint8(value: number): this {
    this.#room(1)
    this.#buffer[this.#length++] = value
    return this
  }

  uint16(value: number): this {
    this.#room(2)
    this.patchUint16(this.#length, value)
    this.#length += 2
    return this
  }

  uint24(value: number): this {
    this.#room(3)
    this.patchUint24(this.#length, value)
    this.#length += 3
    return this
  }

  uint32(value: number): this {
    this.#room(4)
    this.patchUint32(this.#length, value)
    this.#length += 4
    return this
  }

  uint64(value: bigint): this {
    this.#room(8)
    this.#length = this.#buffer.writeBigUInt64BE(value, this.#length)
    return this
  }

  octets(value: Uint8Array): this {
    this.#room(value.length)
    this.#buffer.set(value, this.#length)
    this.#length += value.length
    return this
  }

  latin1(value: string): this {
    this.#room(value.length)
    this.#length += this.#buffer.write(value, this.#length, 'latin1')
    return this
  }

  utf8(value: string): this {
    this.#room(value.length * 3)
    this.#length += this.#buffer.write(value, this.#length, 'utf8')
    return this
  }

  /** Zero octets: padding, or room for a length that is patched later. */
  zeros(count: number): this {
    this.#room(count)
    for (let i = 0; i < count; i++) this.#buffer[this.#length++] = 0
    return this
  }

  patchUint8(position: number, value: number): void {
    this.#buffer[position] = value
  }

  patchUint16(position: number, value: number): void {
    if ((value & 0xffff) !== value) throw outOfRange(value, 16)
    this.#buffer[position] = value >>> 8
    this.#buffer[position + 1] = value
  }

  patchUint24(position: number, value: number): void {
    if ((value & 0xffffff) !== value) throw outOfRange(value, 24)
    this.#buffer[position] = value >>> 16
    this.#buffer[position + 1] = value >>> 8
    this.#buffer[position + 2] = value
  }

  patchUint32(position: number, value: number): void {
    this.#buffer[position] = value >>> 24
    this.#buffer[position + 1] = value >>> 16
    this.#buffer[position + 2] = value >>> 8
    this.#buffer[position + 3] = value
  }

  /** The octets written. The writer must not be used afterwards. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  #room(octets: number): void {
    const needed = this.#length + octets
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }
}

function outOfRange(value: number, bits: number): RangeError {
  return new RangeError(`${value} does not fit ${bits} bits`)
}
