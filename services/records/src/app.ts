import { type Bus, type Consumer, from, on } from '@ipsmgw/bus'
import { messageCompleted, messageRefused } from '@ipsmgw/events'
import type { Part } from '@ipsmgw/runtime'
import { type ChargingFileOptions, ChargingFiles } from './charging-files.ts'
import { endOf } from './charging-record.ts'
import { RecordStore } from './store.ts'

export interface RecordsOptions {
  /** Messages kept for the message API. */
  readonly capacity: number
  /** Completions are read again this far back at the start. */
  readonly replayWindowMs: number
  /** Every instance follows all completions: its group is its own. */
  readonly instance: string
  /** Undefined: no files. */
  readonly charging?: Omit<ChargingFileOptions, 'instance'>
}

/**
 * Follows `message.completed`: every instance keeps the last messages for the message API, and all instances together
 * write each record into one charging file.
 */
export function createRecords(options: RecordsOptions, bus: Bus): Part & { readonly store: RecordStore } {
  const store = new RecordStore(options.capacity)
  const { charging, instance } = options
  const files = charging && new ChargingFiles({ ...charging, instance }, Date.now)
  let consumer: Consumer | undefined
  let charged: Consumer | undefined
  return {
    name: 'records',
    store,
    async start() {
      consumer = await bus.consume({
        group: `records.${options.instance}`,
        mode: 'at-least-once',
        maximumInFlight: 1_000,
        subscriptions: [
          on(messageCompleted, ({ value }) => store.add(value)),
          on(messageRefused, ({ value }) => store.add(endOf(value))),
        ],
        replay: {
          windowMs: options.replayWindowMs,
          sources: [
            from(messageCompleted, ({ value }) => store.add(value)),
            from(messageRefused, ({ value }) => store.add(endOf(value))),
          ],
        },
      })
      if (files === undefined) return
      await files.start()
      charged = await bus.consume({
        group: 'charging',
        mode: 'at-least-once',
        maximumInFlight: 10_000,
        subscriptions: [
          on(messageCompleted, ({ value }) => files.add(value)),
          on(messageRefused, ({ value }) => files.add(endOf(value))),
        ],
      })
    },
    async stop() {
      await Promise.all([consumer?.close(), charged?.close()])
      await files?.stop()
    },
  }
}
