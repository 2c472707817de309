import { closeSync, existsSync, mkdirSync, openSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Topic } from '@ipsmgw/events'
import { BusError, type BusRecord } from './bus.ts'
import { Debts } from './debts.ts'
import { OldLines } from './old-lines.ts'

/** What a journal keeps of one topic: the record or less of it; undefined keeps nothing. */
export interface JournalTopic<T> {
  readonly topic: Topic<T>
  /**
   * Kept when published; when claimed: a claim survives even though the record itself does not; or from the publish
   * until a handler has done it, however long that takes, and handed over again after a kill.
   */
  readonly when: 'published' | 'claimed' | 'until-done'
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

const CURRENT = 'journal.ndjson'
const PREVIOUS = 'journal.previous.ndjson'
const RECORD = ',"r":'
const DEBT = /^(\d+),"i":"([0-9a-f-]{1,64})","r":/
const DONE = /^\d+,"d":"([0-9a-f-]{1,64})"\}$/
/** Of a debt's line, before its record. */
const LONGEST_START = 128

/**
 * The memory bus's memory of what must not happen twice: an append-only file of lines `{"t":topic,"at":ms,"r":record}`,
 * written before a publish or a claim resolves, so that a killed process loses nothing it acknowledged. Two generations
 * rotate by age. A torn last line (killed in the middle of a write) is skipped: it was never acknowledged.
 */
export class Journal {
  readonly #options: JournalOptions
  readonly #now: () => number
  readonly #kept: ReadonlyMap<string, AnyJournalTopic>
  readonly #since: number
  readonly #debts = new Debts()
  /** What was there at the start, read when it is asked for: it may be larger than memory. */
  readonly #old: readonly OldLines[]
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
    this.#since = now() - options.windowMs
    this.#turnedAtMs = now()
    try {
      mkdirSync(options.directory, { recursive: true, mode: 0o700 })
      this.#old = [PREVIOUS, CURRENT].map((name) => new OldLines(this.#path(name)))
      this.#file = openSync(this.#path(CURRENT), 'a', 0o600)
      // A torn line of a killed process must not swallow the first one of this.
      writeFileSync(this.#file, '\n')
    } catch (error) {
      const { message } = error as Error
      throw new BusError('failed', `the journal in ${options.directory} cannot be opened: ${message}`, {
        cause: error,
      })
    }
  }

  /** Records found at the start, oldest first. */
  *replay<T>(topic: Topic<T>): Generator<BusRecord<T>> {
    const start = Buffer.from(startOf(topic))
    let offset = 0
    for (const old of this.#old)
      for (const line of old.lines()) {
        offset++
        if (!line.subarray(0, start.length).equals(start)) continue
        const record = this.#read(topic, line.subarray(start.length))
        if (record !== undefined) yield { ...record, partition: 0, offset }
      }
  }

  /** Resolves when the record is in the file; undefined when this topic is not kept. */
  keep<T>(topic: Topic<T>, record: BusRecord<unknown>): Promise<void> | undefined {
    const when = this.#kept.get(topic.name)?.when
    if (when === 'until-done')
      return this.#append(topic, record, (encoded) =>
        this.#debts.incur(
          record,
          (id) => `${startOf(topic)}${record.timestampMs},"i":"${id}"${RECORD}${encoded}}\n`,
        ),
      )
    return when === 'published' ? this.#append(topic, record) : undefined
  }

  /** Records of an `until-done` topic that the process before has left undone, oldest first. */
  undone<T>(topic: Topic<T>): BusRecord<T>[] {
    if (this.#kept.get(topic.name)?.when !== 'until-done') return []
    const start = Buffer.from(startOf(topic))
    const open = new Map<string, Buffer>()
    for (const old of this.#old)
      for (const line of old.lines()) {
        if (!line.subarray(0, start.length).equals(start)) continue
        const head = line.toString('latin1', start.length, start.length + LONGEST_START)
        const id = DEBT.exec(head)?.[2]
        if (id !== undefined) open.set(id, Buffer.from(line))
        else open.delete(DONE.exec(head)?.[1] ?? '')
      }
    let offset = 0
    return [...open].flatMap(([id, line]) => this.#inherit(topic, id, line, offset++) ?? [])
  }

  /** The record is done: after a kill it is not handed over again. */
  done<T>(topic: Topic<T>, record: BusRecord<unknown>): void {
    const id = this.#debts.settle(record)
    if (id !== undefined) this.#write(`${startOf(topic)}${this.#now()},"d":"${id}"}\n`)?.catch(() => {})
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
    for (const old of this.#old) old.close()
  }

  /** `ms,"r":record}`: younger than the window and readable, or nothing. */
  #read<T>(topic: Topic<T>, rest: Buffer): Omit<BusRecord<T>, 'partition' | 'offset'> | undefined {
    const comma = rest.indexOf(RECORD)
    const timestampMs = comma === -1 ? Number.NaN : Number(rest.toString('latin1', 0, comma))
    if (!(timestampMs >= this.#since)) return undefined
    try {
      const value = topic.decode(rest.subarray(comma + RECORD.length, -1))
      return { topic: topic.name, value, key: topic.key(value), timestampMs }
    } catch {
      // Torn, written by another release, or damaged on disk: what it said is not known.
      return undefined
    }
  }

  #inherit<T>(topic: Topic<T>, id: string, line: Buffer, offset: number): BusRecord<T> | undefined {
    const text = line.toString('utf8')
    const head = DEBT.exec(text.slice(startOf(topic).length))
    try {
      const value = topic.decode(Buffer.from(text.slice(startOf(topic).length + (head?.[0].length ?? 0), -1)))
      const timestampMs = Number(head?.[1])
      const record = { topic: topic.name, value, key: topic.key(value), timestampMs, partition: 0, offset }
      this.#debts.inherit(record, { id, line: `${text}\n` })
      return record
    } catch {
      // As in a replay: what it said is not known.
      return undefined
    }
  }

  #append<T>(
    topic: Topic<T>,
    record: BusRecord<unknown>,
    lineOf = (encoded: string) => `${startOf(topic)}${record.timestampMs}${RECORD}${encoded}}\n`,
  ): Promise<void> | undefined {
    if (this.#fault !== undefined) return Promise.reject(this.#fault)
    const project = this.#kept.get(topic.name)?.project
    const value = project === undefined ? record.value : project(record.value)
    if (value === undefined) return undefined
    return this.#write(lineOf(topic.encode(value as T).toString('utf8')))
  }

  #write(line: string): Promise<void> {
    this.#lines.push(line)
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
      // All of it or an error: a single write to a disk that fills up takes a part, and says so to nobody.
      writeFileSync(this.#file, text)
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
    // The next turn deletes what is in the file before this one.
    writeFileSync(this.#file, this.#debts.lines().join(''))
  }

  #path(name: string): string {
    return join(this.#options.directory, name)
  }
}

/** How a line of this topic begins; the time follows. */
function startOf(topic: { readonly name: string }): string {
  return `{"t":${JSON.stringify(topic.name)},"at":`
}
