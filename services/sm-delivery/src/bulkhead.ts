/** Bounds what is under way to one node, so that a silent one cannot take all places. */
export class Bulkhead {
  readonly #maximumPerNode: number
  readonly #underWay = new Map<string, number>()

  constructor(maximumPerNode: number) {
    this.#maximumPerNode = maximumPerNode
  }

  /** Takes a place; false when the node has all of its own. */
  enter(node: string): boolean {
    const count = this.#underWay.get(node) ?? 0
    if (count >= this.#maximumPerNode) return false
    this.#underWay.set(node, count + 1)
    return true
  }

  leave(node: string): void {
    const count = this.#underWay.get(node) ?? 0
    if (count <= 1) this.#underWay.delete(node)
    else this.#underWay.set(node, count - 1)
  }

  get total(): number {
    let total = 0
    for (const count of this.#underWay.values()) total += count
    return total
  }
}
