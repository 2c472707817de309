import { setTimeout as delay } from 'node:timers/promises'
import { BusError } from './bus.ts'

/** How a handler that the bus itself stopped is run again, and until when. */
export interface AgainOptions {
  readonly firstDelayMs: number
  readonly maximumDelayMs: number
  readonly limitMs: number
}

/** Outlasts the restart of a broker, and ends before the sender's own timer makes the work pointless. */
export const AGAIN: AgainOptions = { firstDelayMs: 100, maximumDelayMs: 2_000, limitMs: 20_000 }

/** The handling of one record. */
export interface Performance {
  run(): Promise<void> | void
  /** Absent: what fails has failed. */
  readonly again?: AgainOptions | undefined
  owned(): boolean
  failed(error: unknown): Promise<void> | void
  ended?(isDone: boolean): void
  now(): number
  wait?(delayMs: number): Promise<void>
}

/**
 * Runs a handler. A retryable `BusError` says that nothing is wrong with the record, only that the bus cannot take
 * what follows from it: the handler runs again while the record is ours. True: done (well, or reported as failed);
 * false: left to whoever owns the record now; `ended` hears the same. Throws only what `failed` throws, and is
 * synchronous when the handler is.
 */
export function perform(performance: Performance): Promise<boolean> | boolean {
  try {
    const begun = performance.run()
    if (begun === undefined) return end(performance, true)
    return begun.then(
      () => end(performance, true),
      (error: unknown) => afterFailure(performance, error),
    )
  } catch (error) {
    return afterFailure(performance, error)
  }
}

function end(performance: Performance, isDone: boolean): boolean {
  performance.ended?.(isDone)
  return isDone
}

/**
 * Does again what the bus cannot take now, for as long as a handler is run again: for facts that nobody can make a
 * second time. Rejects with the last error.
 */
export async function insist(
  work: () => Promise<void>,
  surroundings: Pick<Performance, 'now' | 'wait'>,
): Promise<void> {
  const failed = (error: unknown) => Promise.reject(error as Error)
  await perform({ ...surroundings, run: work, again: AGAIN, owned: () => true, failed })
}

async function afterFailure(performance: Performance, first: unknown): Promise<boolean> {
  return end(performance, await isDoneAgain(performance, first))
}

async function isDoneAgain(performance: Performance, first: unknown): Promise<boolean> {
  const { again, wait = delay } = performance
  let error = first
  let delayMs = again?.firstDelayMs ?? 0
  for (
    const giveUpAtMs = performance.now() + (again?.limitMs ?? 0);
    again !== undefined && isRetryable(error) && performance.now() < giveUpAtMs;
  ) {
    await wait(delayMs)
    delayMs = Math.min(delayMs * 2, again.maximumDelayMs)
    if (!performance.owned()) return false
    try {
      await performance.run()
      return true
    } catch (next) {
      error = next
    }
  }
  await performance.failed(error)
  return true
}

function isRetryable(error: unknown): boolean {
  return error instanceof BusError && error.retryable
}
