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
    this.#length = this.#buffer.writeUInt16BE(value, this.#length)
    return this
  }

  uint24(value: number): this {
    this.#room(3)
    this.#length = this.#buffer.writeUIntBE(value, this.#length, 3)
    return this
  }

  uint32(value: number): this {
    this.#room(4)
    this.#length = this.#buffer.writeUInt32BE(value >>> 0, this.#length)
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
    this.#buffer.fill(0, this.#length, this.#length + count)
    this.#length += count
    return this
  }

  patchUint8(position: number, value: number): void {
    this.#buffer[position] = value
  }

  patchUint16(position: number, value: number): void {
    this.#buffer.writeUInt16BE(value, position)
  }

  patchUint24(position: number, value: number): void {
    this.#buffer.writeUIntBE(value, position, 3)
  }

  patchUint32(position: number, value: number): void {
    this.#buffer.writeUInt32BE(value >>> 0, position)
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
