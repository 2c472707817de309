import type { TopicOffset } from './claims.ts'
import type { Position } from './positions.ts'
import { Watermark } from './watermark.ts'

/** Progress in one topic of one partition. */
export interface Cursor extends Position {
  readonly topic: string
  readonly watermark: Watermark
  committed: number
  /** The next record to take; lower ones come again after a rejoin and are skipped (F8). */
  position: number
}

/**
 * A partition while it is ours, in all co-partitioned topics. A partition that goes and comes back is another one:
 * whoever holds the old one holds nothing.
 */
export class OwnedPartition {
  readonly number: number
  readonly #cursors = new Map<string, Cursor>()
  #replayed = false

  constructor(number: number) {
    this.number = number
  }

  /** Positions are known, so that records can be taken. */
  get ready(): boolean {
    return this.#cursors.size > 0
  }

  /** Old records of all topics have been applied. */
  get replayed(): boolean {
    return this.#replayed
  }

  cursor(topic: string): Cursor | undefined {
    return this.#cursors.get(topic)
  }

  begin(topic: string, position: Position): void {
    this.#cursors.set(topic, {
      ...position,
      topic,
      watermark: new Watermark(Math.min(position.liveFrom, Number.MAX_SAFE_INTEGER - 1)),
      position: position.start,
    })
  }

  /** True once: when the last old record has been applied. */
  completeReplay(): boolean {
    if (this.#replayed || !this.ready) return false
    for (const cursor of this.#cursors.values()) if (cursor.position < cursor.replayUntil) return false
    this.#replayed = true
    return true
  }

  /** Low-water marks that are not committed yet, of topics that have live records. */
  due(): TopicOffset[] {
    const due: TopicOffset[] = []
    for (const { topic, watermark, committed, liveFrom } of this.#cursors.values())
      if (liveFrom < Number.MAX_SAFE_INTEGER && watermark.position > Math.max(committed, 0))
        due.push({ topic, partition: this.number, offset: watermark.position })
    return due
  }

  committed({ topic, offset }: TopicOffset): void {
    const cursor = this.#cursors.get(topic)
    if (cursor !== undefined) cursor.committed = Math.max(cursor.committed, offset)
  }
}
