import { DecodeError, type DecodeReason } from './errors.ts'

/** Nesting beyond this is refused: TCAP with MAP needs about twelve levels. */
const DEEPEST = 24
/** Marks a container whose end is given by end-of-contents octets. */
const INDEFINITE = 0x80
const CONSTRUCTED = 0x20
const HIGH_TAG = 0x1f
/** Octets of a long tag or of a length that are looked at. */
const LONGEST_LENGTH_FIELD = 4

/**
 * Reads BER (X.690 §8) from one buffer as a cursor over elements: `peek` gives the next tag, the typed reads take it,
 * `enter` and `leave` go into constructed ones. Definite lengths of any form and indefinite lengths are read.
 *
 * A tag is its identifier octet; the rare tags above 30 are the identifier octet times 2^24 plus the number.
 * Errors are `DecodeError` with the names of the elements entered, and the octet in the outermost structure.
 */
export class BerReader {
  readonly #octets: Uint8Array
  readonly #protocol: string
  readonly #base: number
  #position = 0
  #end: number
  /** Of the containers entered: where reading goes on outside, the end outside, the name. */
  readonly #resume: number[] = []
  readonly #outerEnd: number[] = []
  readonly #names: string[] = []
  /** Of the element whose header was read last. */
  #contentEnd = 0
  #next = 0

  constructor(octets: Uint8Array, protocol: string, base = 0) {
    this.#octets = octets
    this.#protocol = protocol
    this.#base = base
    this.#end = octets.length
  }

  /** Tag of the next element in this container, 0 when there is none. */
  peek(): number {
    if (this.#position >= this.#end) return 0
    const first = this.#octets[this.#position] as number
    return (first & HIGH_TAG) === HIGH_TAG ? this.#highTag(first) : first
  }

  /** Octet of the next element, counted in the outermost structure. */
  get offset(): number {
    return this.#base + this.#position
  }

  /** Goes into the next element, which must be constructed. */
  enter(field: string): void {
    const start = this.#position
    this.#header(field)
    if (((this.#octets[start] as number) & CONSTRUCTED) === 0) {
      this.#position = start
      this.fail(field, 'invalid', 'a constructed element is needed here')
    }
    if (this.#names.length >= DEEPEST) this.fail(field, 'overlength', `nested deeper than ${DEEPEST}`)
    this.#resume.push(this.#next)
    this.#outerEnd.push(this.#end)
    this.#names.push(field)
    this.#end = this.#contentEnd
  }

  /** Goes back out; what was not read inside is passed over. */
  leave(): void {
    this.#position = this.#resume.pop() ?? this.#end
    this.#end = this.#outerEnd.pop() ?? this.#end
    this.#names.pop()
  }

  /** Goes back out of all containers entered since `depth` was this. */
  leaveTo(depth: number): void {
    while (this.#names.length > depth) this.leave()
  }

  get depth(): number {
    return this.#names.length
  }

  /** Throws `trailing` when an element is left in this container. */
  done(field: string): void {
    if (this.#position < this.#end)
      this.fail(field, 'trailing', `${this.#end - this.#position} octets left over`)
  }

  /** Contents of the next element, a view. */
  octets(field: string, minimum = 0, maximum = Number.MAX_SAFE_INTEGER): Uint8Array {
    const start = this.#primitive(field)
    const length = this.#contentEnd - start
    if (length < minimum) this.#failAt(start, field, 'underflow', `${length} octets, at least ${minimum}`)
    if (length > maximum) this.#failAt(start, field, 'overlength', `${length} octets, at most ${maximum}`)
    return this.#octets.subarray(start, this.#contentEnd)
  }

  /** INTEGER or ENUMERATED within 32 bits. */
  integer(field: string): number {
    const start = this.#primitive(field)
    const length = this.#contentEnd - start
    if (length === 0) this.#failAt(start, field, 'underflow', 'an integer without octets')
    if (length > 6) this.#failAt(start, field, 'overlength', `an integer of ${length} octets`)
    let value = ((this.#octets[start] as number) << 24) >> 24
    for (let i = start + 1; i < this.#contentEnd; i++) value = value * 256 + (this.#octets[i] as number)
    if (value > 0x7fffffff || value < -0x80000000)
      this.#failAt(start, field, 'overlength', 'an integer above 32 bits')
    return value
  }

  boolean(field: string): boolean {
    const start = this.#primitive(field)
    if (this.#contentEnd - start !== 1) this.#failAt(start, field, 'invalid', 'a boolean has one octet')
    return this.#octets[start] !== 0
  }

  null(field: string): void {
    const start = this.#primitive(field)
    if (this.#contentEnd !== start) this.#failAt(start, field, 'invalid', 'a NULL has no octets')
  }

  /** OBJECT IDENTIFIER in dotted form. */
  oid(field: string): string {
    const start = this.#primitive(field)
    if (this.#contentEnd === start) this.#failAt(start, field, 'underflow', 'an identifier without octets')
    if (this.#contentEnd - start > 32)
      this.#failAt(start, field, 'overlength', 'an identifier above 32 octets')
    const first = this.#octets[start] as number
    if (first >= 0x80) this.#failAt(start, field, 'unsupported', 'a first arc above 2.47')
    let text = first < 80 ? `${(first / 40) | 0}.${first % 40}` : `2.${first - 80}`
    let arc = 0
    let pending = false
    for (let i = start + 1; i < this.#contentEnd; i++) {
      const octet = this.#octets[i] as number
      arc = arc * 128 + (octet & 0x7f)
      if (arc > 0xffffffff) this.#failAt(i, field, 'overlength', 'an arc above 32 bits')
      pending = octet >= 0x80
      if (pending) continue
      text += `.${arc}`
      arc = 0
    }
    if (pending) this.#failAt(start, field, 'underflow', 'the last arc has no end')
    return text
  }

  /** The whole next element, header included, a view. */
  element(field: string): Uint8Array {
    const start = this.#position
    this.#header(field)
    this.#position = this.#next
    return this.#octets.subarray(start, this.#next)
  }

  skip(field: string): void {
    this.#header(field)
    this.#position = this.#next
  }

  /** Passes over everything that is left in this container. */
  skipRest(): void {
    this.#position = this.#end
  }

  /** Throws for the element at the cursor. */
  fail(field: string, reason: DecodeReason, detail = ''): never {
    this.#failAt(this.#position, field, reason, detail)
  }

  #failAt(position: number, field: string, reason: DecodeReason, detail: string): never {
    const path = this.#names.length === 0 ? field : `${this.#names.join('.')}.${field}`
    throw new DecodeError(this.#protocol, path, this.#base + position, reason, detail)
  }

  /** Takes a primitive element; gives the start of its contents. */
  #primitive(field: string): number {
    const start = this.#position
    this.#header(field)
    const content = this.#position
    if (((this.#octets[start] as number) & CONSTRUCTED) !== 0)
      this.#failAt(start, field, 'invalid', 'a primitive element is needed here')
    this.#position = this.#next
    return content
  }

  /** Reads tag and length: afterwards the cursor stands at the contents. */
  #header(field: string): void {
    const start = this.#position
    if (start >= this.#end) this.fail(field, 'missing', 'the container ends here')
    const first = this.#octets[start] as number
    if (first === 0) this.fail(field, 'invalid', 'end-of-contents without a beginning')
    this.#position = start + 1
    if ((first & HIGH_TAG) === HIGH_TAG) this.#passHighTag(field)
    const length = this.#length(field)
    if (length === -1) {
      if ((first & CONSTRUCTED) === 0) this.#failAt(start, field, 'invalid', 'a primitive needs a length')
      this.#findEnd(field)
      return
    }
    this.#contentEnd = this.#position + length
    this.#next = this.#contentEnd
    if (this.#next > this.#end)
      this.#failAt(
        start,
        field,
        'underflow',
        `${length} octets announced, ${this.#end - this.#position} there`,
      )
  }

  /** A length, -1 for the indefinite form. */
  #length(field: string): number {
    if (this.#position >= this.#end) this.fail(field, 'underflow', 'no length')
    const first = this.#octets[this.#position++] as number
    if (first < 0x80) return first
    if (first === INDEFINITE) return -1
    const count = first & 0x7f
    if (count > LONGEST_LENGTH_FIELD) this.fail(field, 'overlength', `a length of ${count} octets`)
    if (this.#position + count > this.#end) this.fail(field, 'underflow', 'the length is cut off')
    let length = 0
    for (let i = 0; i < count; i++) length = length * 256 + (this.#octets[this.#position++] as number)
    return length
  }

  /** Looks for the end-of-contents octets that close the container at the cursor. */
  #findEnd(field: string): void {
    const content = this.#position
    let open = 1
    while (open > 0) {
      if (this.#position >= this.#end) this.#failAt(content, field, 'underflow', 'no end-of-contents')
      const first = this.#octets[this.#position] as number
      if (first === 0) {
        if (this.#octets[this.#position + 1] !== 0 || this.#position + 2 > this.#end)
          this.fail(field, 'invalid', 'half an end-of-contents')
        open--
        this.#position += 2
        continue
      }
      this.#position++
      if ((first & HIGH_TAG) === HIGH_TAG) this.#passHighTag(field)
      const length = this.#length(field)
      if (length === -1) open++
      else this.#position += length
      if (open > DEEPEST) this.fail(field, 'overlength', `nested deeper than ${DEEPEST}`)
    }
    this.#contentEnd = this.#position - 2
    this.#next = this.#position
    this.#position = content
  }

  #passHighTag(field: string): void {
    const start = this.#position
    for (;;) {
      if (this.#position >= this.#end) this.fail(field, 'underflow', 'the tag is cut off')
      if ((this.#octets[this.#position++] as number) < 0x80) return
      if (this.#position - start >= LONGEST_LENGTH_FIELD) this.fail(field, 'overlength', 'a tag too long')
    }
  }

  #highTag(first: number): number {
    let number = 0
    for (let i = 1; i <= LONGEST_LENGTH_FIELD && this.#position + i < this.#end; i++) {
      const octet = this.#octets[this.#position + i] as number
      number = ((number << 7) | (octet & 0x7f)) & 0xffffff
      if (octet < 0x80) break
    }
    return first * 0x1000000 + number
  }
}
