import { createReadStream, createWriteStream, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** What one process said. */
export interface LogLine {
  readonly atMs: number
  readonly by: string
  readonly level: string
  readonly messageId: string | undefined
  readonly sentence: string
}

const COMPLAINTS = new Set(['warn', 'error', 'fatal'])
const NOT_TOLD = new Set(['time', 'level', 'service', 'msg', 'messageId'])

/** Keeps what every process says, over its restarts, in one file each. */
export class Logs {
  readonly #folder: string
  readonly #files = new Map<string, WriteStream>()

  constructor(folder: string) {
    this.#folder = folder
  }

  keep(name: string, ...streams: readonly (Readable | null)[]): void {
    let file = this.#files.get(name)
    if (file === undefined) {
      file = createWriteStream(join(this.#folder, `${name}.log`))
      this.#files.set(name, file)
    }
    for (const stream of streams) stream?.pipe(file, { end: false })
  }

  /** Lines about these messages, and every complaint. */
  async read(wanted: ReadonlySet<string>): Promise<LogLine[]> {
    const lines: LogLine[] = []
    for (const name of this.#files.keys()) {
      const file = createReadStream(join(this.#folder, `${name}.log`))
      for await (const text of createInterface({ input: file })) {
        const line = parse(name, text)
        if (line === undefined) continue
        if (line.messageId === undefined ? COMPLAINTS.has(line.level) : wanted.has(line.messageId))
          lines.push(line)
      }
    }
    return lines
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#files.values()].map((file) => new Promise<void>((resolve) => file.end(resolve))),
    )
  }
}

function parse(by: string, text: string): LogLine | undefined {
  let fields: Record<string, unknown>
  try {
    fields = JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
  const rest = Object.entries(fields).filter(([name]) => !NOT_TOLD.has(name))
  const details = rest.map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return {
    atMs: Date.parse(String(fields.time)),
    by,
    level: String(fields.level),
    messageId: typeof fields.messageId === 'string' ? fields.messageId : undefined,
    sentence: [String(fields.msg), ...details].join(' ').slice(0, 300),
  }
}
