// A member of a group as a process of its own, to be frozen: `member-process.ts SETTINGS TOPIC`, both JSON. Tells its
// parent what it was handed, and what it may still do with it.
import { KafkaBus, type KafkaSettings, on } from '@ipsmgw/bus'
import { SILENT_EVENTS } from '@ipsmgw/bus/testing'
import { itemTopicNamed } from './installation.ts'

const settings = JSON.parse(process.argv[2] ?? '') as KafkaSettings
const topic = itemTopicNamed(process.argv[3] ?? '')

export type Note =
  | { readonly kind: 'ready' }
  | { readonly kind: 'handed'; readonly n: number }
  | { readonly kind: 'looked'; readonly n: number; readonly owned: boolean; readonly gapMs: number }

const tell = (note: Note) => process.send?.(note)
const LOOK_EVERY_MS = 20

const bus = new KafkaBus(settings, {
  events: { ...SILENT_EVENTS, fatal: () => process.exit(1) },
  log: () => {},
  now: Date.now,
  clientId: 'frozen',
})
await bus.connect([topic])
await bus.consume({
  group: 'frozen',
  mode: 'claim',
  maximumInFlight: 100,
  subscriptions: [
    on(topic, async ({ value }, context) => {
      tell({ kind: 'handed', n: value.n })
      let lookedAtMs = Date.now()
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
        const gapMs = Date.now() - lookedAtMs
        lookedAtMs = Date.now()
        // The first look after the process stood still: no answer of a broker has been read since.
        if (gapMs > 1_000) return void tell({ kind: 'looked', n: value.n, owned: context.owned(), gapMs })
      }
    }),
  ],
})
tell({ kind: 'ready' })
