import { DecodeError, type DecodeReason } from './errors.ts'

/**
 * Bounded big-endian reader over one buffer. Every read checks its bounds first and throws a `DecodeError` that
 * names the field and the octet; nothing is copied (`octets` returns a view).
 */
export class ByteReader {
  readonly protocol: string
  /** Octet count from the start of the outermost structure to the start of this buffer. */
  readonly base: number
  readonly #buffer: Uint8Array
  readonly #view: DataView
  #position = 0

  constructor(buffer: Uint8Array, protocol: string, base = 0) {
    this.#buffer = buffer
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    this.protocol = protocol
    this.base = base
  }

  /** Octets read so far. */
  get position(): number {
    return this.#position
  }

  /** Octets left to read. */
  get remaining(): number {
    return this.#buffer.length - this.#position
  }

  /** Offset of the next octet, counted from the outermost structure. */
  get offset(): number {
    return this.base + this.#position
  }

  uint8(field: string): number {
    this.#need(1, field)
    return this.#buffer[this.#position++] as number
  }

  uint16(field: string): number {
    this.#need(2, field)
    const value = this.#view.getUint16(this.#position)
    this.#position += 2
    return value
  }

  uint24(field: string): number {
    this.#need(3, field)
    const value = (this.#view.getUint8(this.#position) << 16) | this.#view.getUint16(this.#position + 1)
    this.#position += 3
    return value
  }

  uint32(field: string): number {
    this.#need(4, field)
    const value = this.#view.getUint32(this.#position)
    this.#position += 4
    return value
  }

  uint64(field: string): bigint {
    this.#need(8, field)
    const value = this.#view.getBigUint64(this.#position)
    this.#position += 8
    return value
  }

  /** The next octet without taking it; undefined at the end. */
  peek(): number | undefined {
    return this.#buffer[this.#position]
  }

  /** A view of the next octets, at most `maximum` when given. */
  octets(length: number, field: string, maximum?: number): Uint8Array {
    if (maximum !== undefined && length > maximum)
      this.fail(field, 'overlength', `${length} octets, at most ${maximum}`)
    this.#need(length, field)
    const start = this.#position
    this.#position += length
    return this.#buffer.subarray(start, start + length)
  }

  /** A reader over the next octets; offsets in its errors stay those of the outermost structure. */
  nested(length: number, field: string, maximum?: number): ByteReader {
    const base = this.offset
    return new ByteReader(this.octets(length, field, maximum), this.protocol, base)
  }

  /** All octets that are left. */
  rest(): Uint8Array {
    const start = this.#position
    this.#position = this.#buffer.length
    return this.#buffer.subarray(start)
  }

  skip(length: number, field: string): void {
    this.#need(length, field)
    this.#position += length
  }

  /** Throws `trailing` unless everything was read. */
  end(field: string): void {
    if (this.remaining > 0) this.fail(field, 'trailing', `${this.remaining} octets left over`)
  }

  fail(field: string, reason: DecodeReason, detail = ''): never {
    throw new DecodeError(this.protocol, field, this.offset, reason, detail)
  }

  #need(length: number, field: string): void {
    if (length < 0 || length > this.#buffer.length - this.#position)
      this.fail(field, 'underflow', `needs ${length} octets, has ${this.remaining}`)
  }
}
