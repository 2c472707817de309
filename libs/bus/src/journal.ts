import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Topic } from '@ipsmgw/events'
import { BusError, type BusRecord } from './bus.ts'

/** What a journal keeps of one topic: the record or less of it; undefined keeps nothing. */
export interface JournalTopic<T> {
  readonly topic: Topic<T>
  /** Kept when published, or when claimed: a claim survives even though the record itself does not. */
  readonly when: 'published' | 'claimed'
  /** What is worth keeping; the default is the whole value. */
  project?(value: T): T | undefined
}

export type AnyJournalTopic = JournalTopic<unknown>

/** Keeps topic and projection of one record type together. */
export function keep<T>(
  topic: Topic<T>,
  when: JournalTopic<T>['when'],
  project?: (value: T) => T | undefined,
): AnyJournalTopic {
  return { topic, when, ...(project !== undefined && { project }) } as JournalTopic<unknown>
}

export interface JournalOptions {
  readonly directory: string
  /** Records younger than this are found again; up to twice as much is on disk. */
  readonly windowMs: number
  readonly topics: readonly AnyJournalTopic[]
}

interface Line {
  /** Topic. */
  readonly t: string
  /** Unix time, milliseconds. */
  readonly at: number
  /** The record as its topic encodes it. */
  readonly r: unknown
}

const CURRENT = 'journal.ndjson'
const PREVIOUS = 'journal.previous.ndjson'

/**
 * The memory bus's memory of what must not happen twice: an append-only file of JSON lines, written before a publish
 * or a claim resolves, so that a killed process loses nothing it acknowledged. Two generations rotate by age. A torn
 * last line (killed in the middle of a write) is skipped: it was never acknowledged.
 */
export class Journal {
  readonly #options: JournalOptions
  readonly #now: () => number
  readonly #kept: ReadonlyMap<string, AnyJournalTopic>
  readonly #old: Line[]
  #file: number
  #turnedAtMs: number
  #lines: string[] = []
  #flushed: Promise<void> | undefined
  #fault: Error | undefined

  /** Opens or creates the files; throws BusError when the directory cannot be used. */
  constructor(options: JournalOptions, now: () => number = Date.now) {
    this.#options = options
    this.#now = now
    this.#kept = new Map(options.topics.map((entry) => [entry.topic.name, entry]))
    try {
      mkdirSync(options.directory, { recursive: true, mode: 0o700 })
      const since = now() - options.windowMs
      this.#old = [PREVIOUS, CURRENT]
        .flatMap((name) => readLines(this.#path(name)))
        .filter((line) => line.at >= since)
      this.#file = openSync(this.#path(CURRENT), 'a', 0o600)
      // A torn line of a killed process must not swallow the first one of this.
      writeSync(this.#file, '\n')
    } catch (error) {
      const { message } = error as Error
      throw new BusError('failed', `the journal in ${options.directory} cannot be opened: ${message}`, {
        cause: error,
      })
    }
    this.#turnedAtMs = now()
  }

  /** Records found at the start, oldest first. */
  *replay<T>(topic: Topic<T>): Generator<BusRecord<T>> {
    for (const [offset, line] of this.#old.entries()) {
      if (line.t !== topic.name) continue
      let value: T
      try {
        value = topic.decode(Buffer.from(JSON.stringify(line.r)))
      } catch {
        // Written by another release, or damaged on disk; what it said is not known.
        continue
      }
      yield { topic: line.t, value, key: topic.key(value), partition: 0, offset, timestampMs: line.at }
    }
  }

  /** Resolves when the record is in the file; undefined when this topic is not kept. */
  keep<T>(topic: Topic<T>, record: BusRecord<unknown>): Promise<void> | undefined {
    return this.#kept.get(topic.name)?.when === 'published' ? this.#append(topic, record) : undefined
  }

  /** Resolves when the claim is in the file. */
  claim<T>(topic: Topic<T>, record: BusRecord<unknown>): Promise<void> | undefined {
    return this.#kept.get(topic.name)?.when === 'claimed' ? this.#append(topic, record) : undefined
  }

  /** The write that failed. From then on nothing is acknowledged and nothing is owned any more. */
  fault(): Error | undefined {
    return this.#fault
  }

  async close(): Promise<void> {
    this.#flush()
    closeSync(this.#file)
  }

  #append<T>(topic: Topic<T>, record: BusRecord<unknown>): Promise<void> | undefined {
    if (this.#fault !== undefined) return Promise.reject(this.#fault)
    const project = this.#kept.get(topic.name)?.project
    const value = project === undefined ? record.value : project(record.value)
    if (value === undefined) return undefined
    const encoded = topic.encode(value as T).toString('utf8')
    this.#lines.push(`{"t":${JSON.stringify(topic.name)},"at":${record.timestampMs},"r":${encoded}}\n`)
    this.#flushed ??= new Promise((resolve, reject) => {
      // One write for all that one turn of the event loop has to say.
      setImmediate(() => {
        this.#flushed = undefined
        this.#flush()
        if (this.#fault === undefined) resolve()
        else reject(this.#fault)
      })
    })
    return this.#flushed
  }

  #flush(): void {
    if (this.#lines.length === 0) return
    const text = this.#lines.join('')
    this.#lines = []
    try {
      if (this.#now() - this.#turnedAtMs >= this.#options.windowMs) this.#turn()
      writeSync(this.#file, text)
    } catch (error) {
      this.#fault = new BusError('failed', `journal: ${(error as Error).message}`, { cause: error })
    }
  }

  #turn(): void {
    closeSync(this.#file)
    if (existsSync(this.#path(PREVIOUS))) unlinkSync(this.#path(PREVIOUS))
    renameSync(this.#path(CURRENT), this.#path(PREVIOUS))
    this.#file = openSync(this.#path(CURRENT), 'a', 0o600)
    this.#turnedAtMs = this.#now()
  }

  #path(name: string): string {
    return join(this.#options.directory, name)
  }
}

function readLines(path: string): Line[] {
  if (!existsSync(path)) return []
  const lines: Line[] = []
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    if (text === '') continue
    try {
      const line = JSON.parse(text) as Partial<Line>
      if (typeof line.t === 'string' && typeof line.at === 'number') lines.push(line as Line)
    } catch {
      // Torn by a kill in the middle of the write.
    }
  }
  return lines
}
