export interface BreakerOptions {
  /** So many parts without any answer in between, */
  readonly unanswered: number
  /** the first of them so long ago: the node is left alone. */
  readonly silenceMs: number
  /** Then one part is let through this often, to see whether it answers again. */
  readonly probeMs: number
}

export interface BreakerDependencies {
  now(): number
  /** A node is left alone from now on, or trusted again. */
  changed(node: string, open: boolean): void
}

/** What a node owes since its last answer. */
interface Silence {
  readonly sinceMs: number
  unanswered: number
  nextProbeMs: number
  /** `changed` was told that it is open. */
  told: boolean
}

const MAXIMUM_NODES = 10_000

/**
 * Leaves alone a node that has gone silent, so that messages do not pile up there until their timers end: open after
 * a run of parts without an answer, however they ended; closed by the first answer. Bounded: the node that owes
 * longest is forgotten first, and trusted again.
 */
export class Breaker {
  readonly #options: BreakerOptions
  readonly #dependencies: BreakerDependencies
  readonly #nodes = new Map<string, Silence>()

  constructor(options: BreakerOptions, dependencies: BreakerDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  /** Whether a part may go to the node now. In the open state that is the probe. */
  admits(node: string): boolean {
    const silence = this.#nodes.get(node)
    if (silence === undefined || !this.#isOpen(silence)) return true
    if (!silence.told) {
      silence.told = true
      silence.nextProbeMs = this.#dependencies.now() + this.#options.probeMs
      this.#dependencies.changed(node, true)
    }
    const nowMs = this.#dependencies.now()
    if (nowMs < silence.nextProbeMs) return false
    silence.nextProbeMs = nowMs + this.#options.probeMs
    return true
  }

  /** A part is on its way. */
  started(node: string): void {
    const silence = this.#nodes.get(node)
    if (silence !== undefined) {
      silence.unanswered++
      return
    }
    const sinceMs = this.#dependencies.now()
    this.#nodes.set(node, { sinceMs, unanswered: 1, nextProbeMs: 0, told: false })
    if (this.#nodes.size > MAXIMUM_NODES) this.#forgetOldest()
  }

  /** The node said something, whatever it was. */
  answered(node: string): void {
    const silence = this.#nodes.get(node)
    this.#nodes.delete(node)
    if (silence?.told) this.#dependencies.changed(node, false)
  }

  /** The part did not reach the node: that says nothing about it. */
  withdrawn(node: string): void {
    const silence = this.#nodes.get(node)
    if (silence === undefined) return
    silence.unanswered--
    if (silence.unanswered === 0) this.answered(node)
  }

  /** Nodes that are left alone now. */
  get open(): number {
    let open = 0
    for (const silence of this.#nodes.values()) if (silence.told) open++
    return open
  }

  #isOpen({ sinceMs, unanswered }: Silence): boolean {
    const { unanswered: most, silenceMs } = this.#options
    return unanswered >= most && this.#dependencies.now() - sinceMs >= silenceMs
  }

  #forgetOldest(): void {
    const [oldest] = this.#nodes.keys()
    if (oldest !== undefined) this.answered(oldest)
  }
}
