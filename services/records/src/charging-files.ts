import { type FileHandle, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { CHARGING_FORMS, type ChargingFormat, type EndedMessage } from './charging-record.ts'

export interface ChargingFileOptions {
  readonly directory: string
  readonly format: ChargingFormat
  /** A file is closed at this size, octets. */
  readonly maximumOctets: number
  /** A file with records is closed this long after its first one. */
  readonly maximumAgeMs: number
  /** Closed files older than this are removed; 0: never. */
  readonly keepMs: number
  readonly instance: string
}

const OPEN_SUFFIX = '.open'

/**
 * Charging records in files that turn over. The file being written ends in `.open`; closed ones are complete and belong
 * to whoever collects them. Records that come together are written together, and are on the disk before they count as done.
 */
export class ChargingFiles {
  readonly #options: ChargingFileOptions
  readonly #now: () => number
  #file: { handle: FileHandle; path: string; octets: number; sinceMs: number } | undefined
  #sequence = 0
  #waiting: { line: string; done(): void; failed(error: unknown): void }[] = []
  #writing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: ChargingFileOptions, now: () => number) {
    this.#options = options
    this.#now = now
  }

  /** Makes the folder; what a crash left open is closed as it is. */
  async start(): Promise<void> {
    const { directory, instance, maximumAgeMs } = this.#options
    await mkdir(directory, { recursive: true, mode: 0o750 })
    for (const name of await readdir(directory))
      if (name.startsWith(`ipsmgw-${instance}-`) && name.endsWith(OPEN_SUFFIX))
        await rename(join(directory, name), join(directory, name.slice(0, -OPEN_SUFFIX.length)))
    this.#timer = setInterval(() => this.#look(), Math.min(maximumAgeMs, 10_000)).unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#writing
    await this.#close()
  }

  /** Resolves when the record is on the disk. Rejects with the system's error. */
  add(record: EndedMessage): Promise<void> {
    return new Promise<void>((done, failed) => {
      this.#waiting.push({ line: CHARGING_FORMS[this.#options.format].line(record), done, failed })
      this.#writing ??= this.#writeAll().finally(() => {
        this.#writing = undefined
      })
    })
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      try {
        await this.#write(batch.map(({ line }) => line).join(''))
        for (const { done } of batch) done()
      } catch (error) {
        for (const { failed } of batch) failed(error)
      }
    }
  }

  async #write(text: string): Promise<void> {
    if (this.#isDue()) await this.#close()
    const file = this.#file ?? (await this.#open())
    await file.handle.write(text)
    await file.handle.datasync()
    file.octets += Buffer.byteLength(text)
  }

  async #open() {
    const { directory, instance, format } = this.#options
    const now = this.#now()
    this.#sequence += 1
    const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '')
    const name = `ipsmgw-${instance}-${stamp}-${String(this.#sequence).padStart(6, '0')}.${format}`
    const path = join(directory, name)
    const handle = await open(path + OPEN_SUFFIX, 'ax', 0o640)
    const { head } = CHARGING_FORMS[format]
    if (head !== '') await handle.write(head)
    this.#file = { handle, path, octets: head.length, sinceMs: now }
    return this.#file
  }

  #isDue(): boolean {
    if (this.#file === undefined) return false
    const { maximumOctets, maximumAgeMs } = this.#options
    return this.#file.octets >= maximumOctets || this.#now() - this.#file.sinceMs >= maximumAgeMs
  }

  /** Turns the file over when nothing is written, too; removes what is too old. */
  #look(): void {
    this.#writing ??= this.#turnOver()
      .catch(() => {}) // The next write meets the same trouble and reports it.
      .finally(() => {
        this.#writing = undefined
        if (this.#waiting.length > 0)
          this.#writing = this.#writeAll().finally(() => {
            this.#writing = undefined
          })
      })
  }

  async #turnOver(): Promise<void> {
    if (this.#isDue()) await this.#close()
    const { directory, instance, keepMs } = this.#options
    if (keepMs === 0) return
    for (const name of await readdir(directory)) {
      if (!name.startsWith(`ipsmgw-${instance}-`) || name.endsWith(OPEN_SUFFIX)) continue
      const path = join(directory, name)
      if (this.#now() - (await stat(path)).mtimeMs > keepMs) await unlink(path)
    }
  }

  async #close(): Promise<void> {
    const file = this.#file
    if (file === undefined) return
    this.#file = undefined
    await file.handle.close()
    await rename(file.path + OPEN_SUFFIX, file.path)
  }
}
