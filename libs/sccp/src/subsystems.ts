/** Intervals of the status test (Q.714 §5.3.4, T(stat info)): doubled up to the longest. */
export interface StatusTestOptions {
  readonly firstTestMs: number
  readonly longestTestMs: number
  /** Prohibited subsystems that are remembered; what comes beyond is ignored. */
  readonly mostEntries: number
}

interface Prohibited {
  readonly pointCode: number
  readonly ssn: number
  intervalMs: number
  dueAtMs: number
}

/** Remote subsystems that said they are prohibited (Q.714 §5.3). Pure: the time is handed in. */
export class Subsystems {
  readonly #options: StatusTestOptions
  readonly #prohibited = new Map<number, Prohibited>()

  constructor(options: StatusTestOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#prohibited.size
  }

  prohibited(pointCode: number, ssn: number | undefined): boolean {
    return ssn !== undefined && this.#prohibited.has(keyOf(pointCode, ssn))
  }

  /** SSP. */
  prohibit(pointCode: number, ssn: number, nowMs: number): void {
    const key = keyOf(pointCode, ssn)
    if (this.#prohibited.has(key) || this.#prohibited.size >= this.#options.mostEntries) return
    const intervalMs = this.#options.firstTestMs
    this.#prohibited.set(key, { pointCode, ssn, intervalMs, dueAtMs: nowMs + intervalMs })
  }

  /** SSA. */
  allow(pointCode: number, ssn: number): void {
    this.#prohibited.delete(keyOf(pointCode, ssn))
  }

  /** The node came back: its subsystems are taken for available (Q.714 §5.2.3). */
  allowAll(pointCode: number): void {
    for (const [key, it] of this.#prohibited) if (it.pointCode === pointCode) this.#prohibited.delete(key)
  }

  /** Those to be asked with SST now. */
  due(nowMs: number): { pointCode: number; ssn: number }[] {
    const due = [...this.#prohibited.values()].filter(({ dueAtMs }) => dueAtMs <= nowMs)
    for (const it of due) {
      it.intervalMs = Math.min(2 * it.intervalMs, this.#options.longestTestMs)
      it.dueAtMs = nowMs + it.intervalMs
    }
    return due.map(({ pointCode, ssn }) => ({ pointCode, ssn }))
  }
}

const keyOf = (pointCode: number, ssn: number) => (pointCode << 8) | ssn
