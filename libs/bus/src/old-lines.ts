import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const CHUNK_OCTETS = 256 * 1024
const LINE_FEED = 0x0a

/** The lines that a file held when it was opened. Read in pieces, as often as asked; what is appended later is not seen. */
export class OldLines {
  /** Undefined when there was no file. */
  readonly #file: number | undefined
  readonly #lengthOctets: number
  #closed = false

  constructor(path: string) {
    this.#file = openIfThere(path)
    this.#lengthOctets = this.#file === undefined ? 0 : fstatSync(this.#file).size
  }

  /** Each line is valid until the next one is taken. */
  *lines(): Generator<Buffer> {
    if (this.#file === undefined || this.#closed) return
    const chunk = Buffer.allocUnsafe(CHUNK_OCTETS)
    let carry = Buffer.alloc(0)
    for (let position = 0; position < this.#lengthOctets; ) {
      const wanted = Math.min(CHUNK_OCTETS, this.#lengthOctets - position)
      const length = readSync(this.#file, chunk, 0, wanted, position)
      if (length === 0) break
      position += length
      const octets =
        carry.length === 0 ? chunk.subarray(0, length) : Buffer.concat([carry, chunk.subarray(0, length)])
      let start = 0
      for (let end = octets.indexOf(LINE_FEED); end !== -1; end = octets.indexOf(LINE_FEED, start)) {
        if (end > start) yield octets.subarray(start, end)
        start = end + 1
      }
      carry = Buffer.from(octets.subarray(start))
    }
    if (carry.length > 0) yield carry
  }

  close(): void {
    if (this.#file !== undefined && !this.#closed) closeSync(this.#file)
    this.#closed = true
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
