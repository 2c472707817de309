/** Time as associations and state machines see it; tests hand in their own. */
export interface Clock {
  /** Milliseconds; only differences count. */
  now(): number
  /** Runs `callback` once after `delayMs`. Returns a function that calls it off. */
  after(delayMs: number, callback: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}
