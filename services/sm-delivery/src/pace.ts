/** How long one node takes to deliver, learned from its answers. */
interface Pace {
  firstPartMs: number
  furtherPartMs: number
}

const WEIGHT = 0.2
const MAXIMUM_NODES = 10_000

export interface PaceOptions {
  readonly firstPartMs: number
  readonly furtherPartMs: number
}

/**
 * Estimates how long a message takes at a node (design §4 rule 5): what is expected at first, then a moving
 * average of what the node showed. Bounded: the node that was silent longest is forgotten first.
 */
export class PaceBook {
  readonly #expected: PaceOptions
  readonly #nodes = new Map<string, Pace>()

  constructor(expected: PaceOptions) {
    this.#expected = expected
  }

  estimateMs(node: string, parts: number): number {
    const pace = this.#nodes.get(node) ?? this.#expected
    return pace.firstPartMs + pace.furtherPartMs * (parts - 1)
  }

  learn(node: string, part: number, durationMs: number): void {
    const pace = this.#nodes.get(node) ?? { ...this.#expected }
    if (part === 1) pace.firstPartMs += WEIGHT * (durationMs - pace.firstPartMs)
    else pace.furtherPartMs += WEIGHT * (durationMs - pace.furtherPartMs)
    this.#nodes.delete(node)
    this.#nodes.set(node, pace)
    if (this.#nodes.size > MAXIMUM_NODES) {
      const [oldest] = this.#nodes.keys()
      if (oldest !== undefined) this.#nodes.delete(oldest)
    }
  }
}
