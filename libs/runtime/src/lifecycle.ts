import type { Logger } from '@ipsmgw/telemetry'

/** A part of a process: started in order, stopped in reverse. */
export interface Part {
  readonly name: string
  start?(): Promise<void>
  stop?(): Promise<void>
}

/**
 * Starts parts in order. When one fails, those already started are stopped and its error is thrown.
 * `stop` goes through them backwards, bounds each by `phaseTimeoutMs` and logs how long it took.
 */
export class Lifecycle {
  readonly #parts: readonly Part[]
  readonly #logger: Logger
  readonly #phaseTimeoutMs: number
  #started: Part[] = []
  #stopping: Promise<void> | undefined

  constructor(parts: readonly Part[], logger: Logger, phaseTimeoutMs = 40_000) {
    this.#parts = parts
    this.#logger = logger
    this.#phaseTimeoutMs = phaseTimeoutMs
  }

  async start(): Promise<void> {
    for (const part of this.#parts) {
      try {
        await part.start?.()
      } catch (error) {
        await this.stop()
        throw error
      }
      this.#started.push(part)
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll()
    return this.#stopping
  }

  async #stopAll(): Promise<void> {
    const started = this.#started
    this.#started = []
    for (const part of started.reverse()) {
      const begin = performance.now()
      const outcome = await settled(part.stop?.() ?? Promise.resolve(), this.#phaseTimeoutMs)
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
