import type { ContextName, MapVersion } from './messages.ts'

export interface VersionCacheOptions {
  /** Beyond it the longest unused entry goes. Default 10,000. */
  readonly maxEntries?: number
  /** Then the newest version is tried again. Default 4 hours. */
  readonly keptMs?: number
}

/** Which version a peer speaks, learned from its refusals. */
export class VersionCache {
  readonly #maxEntries: number
  readonly #keptMs: number
  readonly #now: () => number
  readonly #entries = new Map<string, { readonly version: MapVersion; readonly untilMs: number }>()

  constructor(options: VersionCacheOptions, now: () => number) {
    this.#maxEntries = options.maxEntries ?? 10_000
    this.#keptMs = options.keptMs ?? 4 * 3_600_000
    this.#now = now
  }

  get size(): number {
    return this.#entries.size
  }

  get(peer: string, context: ContextName): MapVersion | undefined {
    const key = `${context} ${peer}`
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (entry.untilMs <= this.#now()) return undefined
    this.#entries.set(key, entry)
    return entry.version
  }

  set(peer: string, context: ContextName, version: MapVersion): void {
    const key = `${context} ${peer}`
    this.#entries.delete(key)
    this.#entries.set(key, { version, untilMs: this.#now() + this.#keptMs })
    if (this.#entries.size <= this.#maxEntries) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }
}
