/** Next offset of one partition of one topic. */
export interface TopicOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

interface Claim {
  readonly offset: TopicOffset
  owned(): boolean
  resolve(claimed: boolean): void
  reject(error: unknown): void
}

/**
 * Claims of several partitions made in one turn of the event loop become one commit. Ownership is asked in the tick of
 * the commit: the broker fences by generation, not by partition (F7).
 */
export class Claims {
  readonly #commit: (offsets: readonly TopicOffset[]) => Promise<void>
  #waiting: Claim[] = []

  constructor(commit: (offsets: readonly TopicOffset[]) => Promise<void>) {
    this.#commit = commit
  }

  /** True: ours, for ever. False: the partition is not ours any more. Rejects when the group says no, or nothing. */
  claim(offset: TopicOffset, owned: () => boolean): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ offset, owned, resolve, reject })
      if (this.#waiting.length === 1) setImmediate(() => void this.#run())
    })
  }

  async #run(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    const ours = waiting.filter((claim) => claim.owned())
    for (const claim of waiting) if (!ours.includes(claim)) claim.resolve(false)
    if (ours.length === 0) return
    try {
      await this.#commit(ours.map(({ offset }) => offset))
      for (const claim of ours) claim.resolve(true)
    } catch (error) {
      for (const claim of ours) claim.reject(error)
    }
  }
}
