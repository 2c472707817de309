import { type Bus, type Consumer, from, on } from '@ipsmgw/bus'
import { messageCompleted } from '@ipsmgw/events'
import type { Part } from '@ipsmgw/runtime'
import { RecordStore } from './store.ts'

export interface RecordsOptions {
  /** Messages kept for the message API. */
  readonly capacity: number
  /** Completions are read again this far back at the start. */
  readonly replayWindowMs: number
  /** Every instance follows all completions: its group is its own. */
  readonly instance: string
}

/** Follows `message.completed` and keeps the last messages for the message API. */
export function createRecords(options: RecordsOptions, bus: Bus): Part & { readonly store: RecordStore } {
  const store = new RecordStore(options.capacity)
  let consumer: Consumer | undefined
  return {
    name: 'records',
    store,
    async start() {
      consumer = await bus.consume({
        group: `records.${options.instance}`,
        mode: 'at-least-once',
        maximumInFlight: 1_000,
        subscriptions: [on(messageCompleted, ({ value }) => store.add(value))],
        replay: {
          windowMs: options.replayWindowMs,
          sources: [from(messageCompleted, ({ value }) => store.add(value))],
        },
      })
    },
    async stop() {
      await consumer?.close()
    },
  }
}
