import type { Logger } from '@ipsmgw/telemetry'
import type { Readiness } from './admin-server.ts'

/** A part of a process: started in order, stopped in reverse. */
export interface Part {
  readonly name: string
  start?(): Promise<void>
  stop?(): Promise<void>
  /** The stop of the process has begun; this part's own turn comes when those after it have stopped. */
  draining?(): void
  /** What a part lacks to do its work, or to have started, in one sentence; undefined when nothing. */
  missing?(): string | undefined
}

/**
 * Starts parts in order. When one fails, those already started are stopped and its error is thrown.
 * `stop` goes through them backwards, bounds each by `phaseTimeoutMs` and logs how long it took.
 */
export class Lifecycle {
  readonly #parts: readonly Part[]
  readonly #logger: Logger
  readonly #phaseTimeoutMs: number
  readonly #running = new Set<Part>()
  #starting: Part | undefined
  #stopping: Promise<void> | undefined

  constructor(parts: readonly Part[], logger: Logger, phaseTimeoutMs = 40_000) {
    this.#parts = parts
    this.#logger = logger
    this.#phaseTimeoutMs = phaseTimeoutMs
  }

  async start(): Promise<void> {
    for (const part of this.#parts) {
      this.#starting = part
      try {
        await part.start?.()
      } catch (error) {
        await this.stop()
        throw error
      }
      this.#running.add(part)
    }
  }

  /** Ready when every part runs and lacks nothing; not any more from the moment a stop begins. */
  readiness(): Readiness {
    const parts = Object.fromEntries(this.#parts.map((part) => [part.name, this.#stateOf(part)]))
    return { ready: Object.values(parts).every((state) => state === 'ok'), parts }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll()
    return this.#stopping
  }

  #stateOf(part: Part): string {
    if (this.#stopping !== undefined) return this.#running.has(part) ? 'stopping' : 'stopped'
    if (this.#running.has(part)) return part.missing?.() ?? 'ok'
    return (part === this.#starting ? part.missing?.() : undefined) ?? 'starting'
  }

  async #stopAll(): Promise<void> {
    for (const part of this.#running) part.draining?.()
    for (const part of [...this.#running].reverse()) {
      const begin = performance.now()
      const outcome = await settled(part.stop?.() ?? Promise.resolve(), this.#phaseTimeoutMs)
      this.#running.delete(part)
      const fields = { part: part.name, durationMs: Math.round(performance.now() - begin) }
      if (outcome.error === undefined) this.#logger.info(fields, 'part stopped')
      else this.#logger.error({ ...fields, err: outcome.error }, 'part did not stop cleanly')
    }
  }
}

async function settled(work: Promise<void>, timeoutMs: number): Promise<{ error?: unknown }> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<{ error: unknown }>((resolve) => {
    timer = setTimeout(() => resolve({ error: new Error(`still busy after ${timeoutMs} ms`) }), timeoutMs)
  })
  const done = work.then(
    () => ({}),
    (error: unknown) => ({ error }),
  )
  const outcome = await Promise.race([done, late])
  clearTimeout(timer)
  return outcome
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let seen = false
    const onSignal = (signal: NodeJS.Signals) => {
      if (seen) process.exit(130)
      seen = true
      resolve(signal)
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
  })
}
