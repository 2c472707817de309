import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { defineTopic, type Topic } from '@ipsmgw/events'
import Type from 'typebox'
import { type Bus, type BusEvents, type BusRecord, from, on } from '../bus.ts'

export { quietTimers } from '../kafka/quiet-timers.ts'

export interface Item {
  readonly key: string
  readonly n: number
}

/** A bus of one process of an installation: several buses of one `Installation` share its topics. */
export interface Installation {
  open(events?: Partial<BusEvents>): Promise<Bus>
  /** Ends a bus without a goodbye, as a killed process does; absent where that cannot be played. */
  crash?(bus: Bus): Promise<void>
  close(): Promise<void>
}

export interface Adapter {
  readonly name: string
  /** Whether consumers of one group in two buses share partitions. */
  readonly shared: boolean
  install(topics: readonly Topic<unknown>[]): Promise<Installation>
}

function itemTopic(name: string, partitioning: Topic<Item>['partitioning'] = 'pipeline'): Topic<Item> {
  return defineTopic({
    name: `${name}-${randomUUID()}`,
    version: 1,
    schema: Type.Object({ key: Type.String(), n: Type.Integer() }),
    retentionMs: 600_000,
    partitioning,
    key: (value) => value.key,
  })
}

export const SILENT_EVENTS: BusEvents = {
  published: () => {},
  consumed: () => {},
  handlerFailed: () => {},
  unreadable: () => {},
  rebalanced: () => {},
  fatal: (error) => {
    throw error
  },
}

/** Resolves once `predicate` holds; fails after a while with what was waited for. */
async function until(what: string, predicate: () => boolean, limitMs = 30_000): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!predicate()) {
    if (Date.now() > deadline) assert.fail(`waited in vain for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const numbers = (items: readonly Item[], key: string) =>
  items.filter((item) => item.key === key).map((item) => item.n)
const range = (count: number) => Array.from({ length: count }, (_, n) => n)

/** What every adapter of the bus must do; run once per adapter. */
export function busContract(adapter: Adapter): void {
  describe(`bus contract: ${adapter.name}`, () => {
    async function withBus(
      topics: readonly Topic<Item>[],
      run: (installation: Installation) => Promise<void>,
    ): Promise<void> {
      const installation = await adapter.install(topics)
      try {
        await run(installation)
      } finally {
        await installation.close()
      }
    }

    test('records of one key are handled one after another, in order', async () => {
      const topic = itemTopic('order')
      await withBus([topic], async (installation) => {
        const bus = await installation.open()
        const seen: Item[] = []
        let running = 0
        await bus.consume({
          group: 'order',
          mode: 'at-least-once',
          maximumInFlight: 1_000,
          subscriptions: [
            on(topic, async ({ value }) => {
              running++
              assert.equal(running, 1)
              await new Promise((resolve) => setImmediate(resolve))
              running--
              seen.push(value)
            }),
          ],
        })
        await Promise.all(range(50).map((n) => bus.publish(topic, { key: 'one', n })))
        await until('50 records', () => seen.length === 50)
        assert.deepEqual(numbers(seen, 'one'), range(50))
      })
    })

    test('a key that waits does not hold up another key', async () => {
      const topic = itemTopic('lanes')
      await withBus([topic], async (installation) => {
        const bus = await installation.open()
        const { promise: slow, resolve: finish } = Promise.withResolvers<void>()
        const done: string[] = []
        await bus.consume({
          group: 'lanes',
          mode: 'at-least-once',
          maximumInFlight: 1_000,
          subscriptions: [
            on(topic, async ({ value }) => {
              if (value.key === 'slow') await slow
              done.push(value.key)
            }),
          ],
        })
        await bus.publish(topic, { key: 'slow', n: 0 })
        await Promise.all(range(20).map((n) => bus.publish(topic, { key: `quick ${n}`, n })))
        await until('the quick ones', () => done.length === 20)
        assert.ok(!done.includes('slow'))
        finish()
        await until('the slow one', () => done.includes('slow'))
      })
    })

    test('a handler that fails is reported and ends nothing', async () => {
      const topic = itemTopic('failing')
      await withBus([topic], async (installation) => {
        const failures: unknown[] = []
        const bus = await installation.open({ handlerFailed: (_record, error) => void failures.push(error) })
        const seen: number[] = []
        await bus.consume({
          group: 'failing',
          mode: 'at-least-once',
          maximumInFlight: 10,
          subscriptions: [
            on(topic, ({ value }) => {
              if (value.n === 0) throw new Error('thrown')
              if (value.n === 1) return Promise.reject(new Error('rejected'))
              seen.push(value.n)
              return undefined
            }),
          ],
        })
        for (const n of range(4)) await bus.publish(topic, { key: 'k', n })
        await until('the good ones', () => seen.length === 2)
        assert.equal(failures.length, 2)
      })
    })

    test('more records than the window are all handled, never more at once', async () => {
      const topic = itemTopic('window')
      await withBus([topic], async (installation) => {
        const bus = await installation.open()
        let running = 0
        let most = 0
        let done = 0
        await bus.consume({
          group: 'window',
          mode: 'at-least-once',
          maximumInFlight: 10,
          subscriptions: [
            on(topic, async () => {
              most = Math.max(most, ++running)
              await new Promise((resolve) => setTimeout(resolve, 2))
              running--
              done++
            }),
          ],
        })
        await Promise.all(range(200).map((n) => bus.publish(topic, { key: `k${n}`, n })))
        await until('200 records', () => done === 200)
        assert.ok(most <= 10, `${most} at once`)
        assert.ok(most > 1)
      })
    })

    test('two groups each get every record', async () => {
      const topic = itemTopic('groups')
      await withBus([topic], async (installation) => {
        const bus = await installation.open()
        const seen: Record<string, number> = { a: 0, b: 0 }
        for (const group of ['a', 'b'])
          await bus.consume({
            group,
            mode: 'at-least-once',
            maximumInFlight: 100,
            subscriptions: [
              on(topic, () => {
                seen[group] = (seen[group] ?? 0) + 1
              }),
            ],
          })
        await Promise.all(range(10).map((n) => bus.publish(topic, { key: `k${n}`, n })))
        await until('both groups', () => seen.a === 10 && seen.b === 10)
      })
    })

    test('records of two topics with one key reach one consumer under one partition number', async () => {
      const [left, right] = [itemTopic('left'), itemTopic('right')]
      await withBus([left, right], async (installation) => {
        const bus = await installation.open()
        const partitions = new Map<string, Set<number>>()
        const note = ({ key, partition }: BusRecord<Item>) => {
          partitions.set(key, (partitions.get(key) ?? new Set()).add(partition))
        }
        let count = 0
        const handle = (record: BusRecord<Item>) => {
          note(record)
          count++
        }
        await bus.consume({
          group: 'both',
          mode: 'at-least-once',
          maximumInFlight: 100,
          subscriptions: [on(left, handle), on(right, handle)],
        })
        for (const n of range(10)) {
          await bus.publish(left, { key: `k${n}`, n })
          await bus.publish(right, { key: `k${n}`, n })
        }
        await until('20 records', () => count === 20)
        for (const [key, set] of partitions) assert.equal(set.size, 1, key)
      })
    })

    test('a reply reaches the partition it is addressed to, and no other', async () => {
      const topic = itemTopic('reply', 'reply')
      await withBus([topic], async (installation) => {
        const bus = await installation.open()
        const seen: Item[][] = [[], []]
        for (const ordinal of [0, 1]) await bus.replies(topic, ordinal, (value) => seen[ordinal]?.push(value))
        await bus.publish(topic, { key: 'a', n: 1 }, { partition: 1 })
        await bus.publish(topic, { key: 'b', n: 0 }, { partition: 0 })
        await until('both', () => seen[0]?.length === 1 && seen[1]?.length === 1)
        assert.deepEqual(seen, [[{ key: 'b', n: 0 }], [{ key: 'a', n: 1 }]])
      })
    })

    test('close waits for what is under way', async () => {
      const topic = itemTopic('closing')
      await withBus([topic], async (installation) => {
        const bus = await installation.open()
        let begun = false
        let ended = false
        const consumer = await bus.consume({
          group: 'closing',
          mode: 'at-least-once',
          maximumInFlight: 10,
          subscriptions: [
            on(topic, async () => {
              begun = true
              await new Promise((resolve) => setTimeout(resolve, 50))
              ended = true
            }),
          ],
        })
        await bus.publish(topic, { key: 'k', n: 0 })
        await until('begin', () => begun)
        await consumer.close()
        assert.equal(ended, true)
      })
    })

    test('a closed bus refuses records', async () => {
      const topic = itemTopic('closed')
      await withBus([topic], async (installation) => {
        const bus = await installation.open()
        await bus.close()
        await assert.rejects(bus.publish(topic, { key: 'k', n: 0 }), { name: 'BusError', code: 'closed' })
      })
    })

    test('after a restart claims are replayed before anything live, and never handed over again', async (t) => {
      const topic = itemTopic('claims')
      await withBus([topic], async (installation) => {
        const { crash } = installation
        if (crash === undefined) {
          t.diagnostic('this adapter keeps nothing')
          return
        }
        const first = await installation.open()
        const handled: number[] = []
        await first.consume({
          group: 'claims',
          mode: 'claim',
          maximumInFlight: 100,
          subscriptions: [
            on(topic, ({ value }) => {
              handled.push(value.n)
              // Killed in the middle: the work never ends.
              return new Promise<void>(() => {})
            }),
          ],
        })
        for (const n of range(5)) await first.publish(topic, { key: `k${n}`, n })
        await until('five claims', () => handled.length === 5)
        await crash(first)

        const second = await installation.open()
        const order: string[] = []
        await second.consume({
          group: 'claims',
          mode: 'claim',
          maximumInFlight: 100,
          subscriptions: [
            on(topic, ({ value }) => {
              order.push(`live ${value.n}`)
            }),
          ],
          replay: { windowMs: 60_000, sources: [from(topic, ({ value }) => order.push(`old ${value.n}`))] },
          onReplayed: () => order.push('replayed'),
        })
        await second.publish(topic, { key: 'k9', n: 9 })
        await until('the new one', () => order.includes('live 9'))
        assert.deepEqual(
          order.filter((entry) => entry.startsWith('old')).sort(),
          range(5).map((n) => `old ${n}`),
        )
        assert.deepEqual(
          order.filter((entry) => entry.startsWith('live')),
          ['live 9'],
        )
      })
    })

    if (adapter.shared)
      test('a member that joins and one that leaves move partitions without loss or double', async () => {
        const topic = itemTopic('moving')
        await withBus([topic], async (installation) => {
          const seen = new Map<number, number>()
          const member = async () => {
            const bus = await installation.open()
            const consumer = await bus.consume({
              group: 'moving',
              mode: 'claim',
              maximumInFlight: 100,
              subscriptions: [
                on(topic, ({ value }) => {
                  seen.set(value.n, (seen.get(value.n) ?? 0) + 1)
                }),
              ],
            })
            return { bus, consumer }
          }
          const first = await member()
          let n = 0
          let sending = true
          const sender = (async () => {
            while (sending) {
              await first.bus.publish(topic, { key: `k${n % 50}`, n: n++ })
              await new Promise((resolve) => setTimeout(resolve, 2))
            }
          })()
          await until('traffic', () => seen.size > 50)
          const second = await member()
          const before = seen.size
          await until('traffic after the join', () => seen.size > before + 100)
          await second.consumer.close()
          const after = seen.size
          await until('traffic after the leave', () => seen.size > after + 50)
          sending = false
          await sender
          await until('all records', () => seen.size === n)
          assert.deepEqual(
            [...seen.values()].filter((count) => count !== 1),
            [],
          )
        })
      })
  })
}
