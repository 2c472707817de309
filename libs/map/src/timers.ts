/** Invoke timers (TS 29.002 §17.1.2). */
export interface MapTimers {
  /** s: 3 to 10 s. */
  readonly shortMs: number
  /** m: 15 to 30 s. */
  readonly mediumMs: number
  /** ml: 1 to 10 minutes; an MSC may page and repeat for long. */
  readonly mediumLongMs: number
  /** For the answer to an empty BEGIN. */
  readonly openMs: number
}

export const DEFAULT_TIMERS: MapTimers = {
  shortMs: 8_000,
  mediumMs: 20_000,
  mediumLongMs: 60_000,
  openMs: 10_000,
}
