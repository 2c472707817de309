export interface BulkheadOptions {
  /** Parts under way to one node. */
  readonly maximumInFlight: number
  /** Parts that may begin in one second; a full second's worth may come at once. */
  readonly maximumPerSecond: number
}

interface Compartment {
  underWay: number
  /** Parts that may begin now; grows with time. */
  allowance: number
  filledAtMs: number
}

const MAXIMUM_NODES = 50_000

/**
 * Bounds what is under way to one node and what begins there, so that none takes the places of all. A node is kept
 * while a bound may hold it; beyond `MAXIMUM_NODES` the one that is known longest is forgotten.
 */
export class Bulkhead {
  readonly #options: BulkheadOptions
  readonly #now: () => number
  readonly #nodes = new Map<string, Compartment>()

  constructor(options: BulkheadOptions, now: () => number) {
    this.#options = options
    this.#now = now
  }

  /** Takes a place; undefined when there was one, else the bound that is reached. */
  enter(node: string): 'in-flight' | 'rate' | undefined {
    const compartment = this.#nodes.get(node) ?? this.#add(node)
    if (compartment.underWay >= this.#options.maximumInFlight) return 'in-flight'
    this.#refill(compartment)
    if (compartment.allowance < 1) return 'rate'
    compartment.allowance--
    compartment.underWay++
    return undefined
  }

  leave(node: string): void {
    const compartment = this.#nodes.get(node)
    if (compartment === undefined) return
    compartment.underWay--
    if (compartment.underWay > 0) return
    this.#refill(compartment)
    if (compartment.allowance === this.#options.maximumPerSecond) this.#nodes.delete(node)
  }

  get total(): number {
    let total = 0
    for (const { underWay } of this.#nodes.values()) total += underWay
    return total
  }

  #add(node: string): Compartment {
    const compartment = {
      underWay: 0,
      allowance: this.#options.maximumPerSecond,
      filledAtMs: this.#now(),
    }
    this.#nodes.set(node, compartment)
    if (this.#nodes.size > MAXIMUM_NODES) {
      const [oldest] = this.#nodes.keys()
      if (oldest !== undefined) this.#nodes.delete(oldest)
    }
    return compartment
  }

  #refill(compartment: Compartment): void {
    const { maximumPerSecond } = this.#options
    const nowMs = this.#now()
    const gained = (Math.max(0, nowMs - compartment.filledAtMs) / 1000) * maximumPerSecond
    compartment.allowance = Math.min(maximumPerSecond, compartment.allowance + gained)
    compartment.filledAtMs = nowMs
  }
}
