import { setTimeout as delay } from 'node:timers/promises'

/** Waits; false when the lab stops meanwhile. */
export async function later(delayMs: number, stopping: AbortSignal): Promise<boolean> {
  if (delayMs === 0) return !stopping.aborted
  return delay(delayMs, true, { signal: stopping, ref: false }).catch(() => false)
}
