// neighbours: kafka
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  type BusError,
  from,
  type KafkaBus,
  type KafkaSettings,
  manageTopics,
  on,
  type RecordId,
} from '@ipsmgw/bus'
import type { Topic } from '@ipsmgw/events'
import { type RunningKafka, startKafka } from '../../../scripts/kafka.ts'
import { eventually } from '../../support/eventually.ts'
import { committedOffsets, type Item, itemTopic, openBus, outsider, settingsFor } from './installation.ts'

let kafka: RunningKafka
const open: KafkaBus[] = []

before(async () => {
  kafka = await startKafka({ out: process.stderr })
})
after(async () => {
  await Promise.all(open.map((bus) => bus.close()))
  await kafka.stop()
})

async function start(
  topics: readonly Topic<Item>[],
  over: Partial<KafkaSettings> = {},
  ...rest: Parameters<typeof openBus> extends [unknown, unknown, ...infer R] ? R : never
): Promise<{ bus: KafkaBus; settings: KafkaSettings }> {
  const settings = settingsFor(kafka.brokers, over)
  const bus = await openBus(settings, topics, ...rest)
  open.push(bus)
  return { bus, settings }
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + Math.max(0, b), 0)

describe('consumer runtime on a real broker', () => {
  test('thousands are in flight in one partition, and the commit stays below the one that waits', async () => {
    const topic = itemTopic('many')
    const { bus, settings } = await start([topic], { partitions: 1 })
    const waits = Promise.withResolvers<void>()
    const slow: Promise<void>[] = []
    let running = 0
    let done = 0
    await bus.consume({
      group: 'many',
      mode: 'at-least-once',
      maximumInFlight: 10_000,
      subscriptions: [
        on(topic, async ({ value }) => {
          running++
          if (value.n === 100) await waits.promise
          else if (value.n > 100) {
            const { promise, resolve } = Promise.withResolvers<void>()
            slow.push(promise)
            setTimeout(resolve, 2_000)
            await promise
          }
          done++
        }),
      ],
    })
    await Promise.all(Array.from({ length: 5_000 }, (_, n) => bus.publish(topic, { key: `k${n}`, n })))
    await eventually(() => running === 5_000, '5,000 in flight at the same time', 10_000)
    await eventually(() => done === 4_999, 'all but one are done', 10_000)
    await eventually(
      async () => sum(await committedOffsets(settings, 'many', topic)) === 100,
      'the commit stands right below the one that waits',
    )
    waits.resolve()
    await eventually(
      async () => sum(await committedOffsets(settings, 'many', topic)) === 5_000,
      'the commit has followed',
    )
  })

  test('the window is bounded in octets too, and what waits comes when there is room', async () => {
    const topic = itemTopic('octets')
    const { bus } = await start([topic], { partitions: 1 })
    let running = 0
    let most = 0
    let done = 0
    await bus.consume({
      group: 'octets',
      mode: 'at-least-once',
      maximumInFlight: 10_000,
      maximumInFlightOctets: 50_000,
      subscriptions: [
        on(topic, async () => {
          most = Math.max(most, ++running)
          await new Promise((resolve) => setTimeout(resolve, 20))
          running--
          done++
        }),
      ],
    })
    const large = 'x'.repeat(5_000)
    await Promise.all(Array.from({ length: 60 }, (_, n) => bus.publish(topic, { key: `${n}-${large}`, n })))
    await eventually(() => done === 60, 'all of them')
    assert.ok(most >= 5 && most <= 10, `${most} records of 5,000 octets at once`)
  })

  test('claims are committed before a handler sees its record', async () => {
    const topic = itemTopic('first')
    const { bus, settings } = await start([topic], { partitions: 1 })
    const committedWhenSeen: number[] = []
    const handled: Promise<void>[] = []
    await bus.consume({
      group: 'first',
      mode: 'claim',
      maximumInFlight: 10,
      subscriptions: [
        on(topic, async () => {
          const work = committedOffsets(settings, 'first', topic).then((offsets) => {
            committedWhenSeen.push(sum(offsets))
          })
          handled.push(work)
          await work
        }),
      ],
    })
    for (let n = 0; n < 3; n++) {
      await bus.publish(topic, { key: `k${n}`, n })
      await eventually(() => committedWhenSeen.length === n + 1, `record ${n}`)
    }
    assert.ok(
      committedWhenSeen.every((offset, n) => offset >= n + 1),
      committedWhenSeen.join(),
    )
  })

  test('a record nobody can read is put away before its offset is passed, and ends nothing', async () => {
    const topic = itemTopic('poison')
    const put = Promise.withResolvers<void>()
    const unreadable: RecordId[] = []
    const { bus, settings } = await start(
      [topic],
      { partitions: 1 },
      {
        unreadable: (record) => {
          unreadable.push(record)
          return put.promise
        },
      },
    )
    const good: number[] = []
    const producer = outsider(settings).producer()
    await producer.connect()
    const valid = topic.encode({ key: 'a', n: 1 })
    const future = Buffer.from(valid.toString().replace('"version":1', '"version":3'))
    const next = Buffer.from(
      valid.toString().replace('"version":1', '"version":2').replace('"n":1', '"n":2,"new":0'),
    )
    const values = [
      Buffer.from('no json'),
      valid.subarray(0, 40),
      future,
      null,
      randomBytes(200_000),
      next,
      valid,
    ]
    for (const value of values)
      await producer.send({
        topic: settings.prefix + topic.name,
        messages: [{ key: 'a', value, headers: { traceparent: 'lies', probe: 'x' } }],
      })
    await producer.disconnect()
    await bus.consume({
      group: 'poison',
      mode: 'at-least-once',
      maximumInFlight: 10,
      subscriptions: [on(topic, ({ value }) => void good.push(value.n))],
    })
    await eventually(() => good.length === 2, 'this version and the next one are read')
    assert.deepEqual(good, [2, 1])
    assert.deepEqual(
      unreadable.map(({ offset }) => offset),
      [0, 1, 2, 3, 4],
    )
    assert.deepEqual(await committedOffsets(settings, 'poison', topic), [-1])
    put.resolve()
    await eventually(
      async () => sum(await committedOffsets(settings, 'poison', topic)) === values.length,
      'passed once they are put away',
    )
  })

  test('nothing live is handed over before the ledger of its partition has been read', async () => {
    const [work, ledger] = [itemTopic('work'), itemTopic('ledger')]
    const { bus } = await start([work, ledger])
    for (let n = 0; n < 2_000; n++) void bus.publish(ledger, { key: `k${n % 100}`, n })
    for (let n = 0; n < 100; n++) await bus.publish(work, { key: `k${n}`, n })
    // Distinct ones: a batch that a broker refused in part is written again, and a fresh topic refuses for moments.
    const known = new Map(Array.from({ length: 100 }, (_, n) => [`k${n}`, new Set<number>()]))
    const replayed = new Set<number>()
    const early: string[] = []
    let handled = 0
    await bus.consume({
      group: 'work',
      mode: 'at-least-once',
      maximumInFlight: 1_000,
      subscriptions: [
        on(work, ({ value, partition }) => {
          if (!replayed.has(partition) || known.get(value.key)?.size !== 20) early.push(value.key)
          handled++
        }),
      ],
      replay: {
        windowMs: 60_000,
        sources: [from(ledger, ({ value }) => known.get(value.key)?.add(value.n))],
      },
      onReplayed: (partition) => replayed.add(partition),
    })
    await eventually(() => handled === 100, 'the work')
    assert.deepEqual(early, [])
  })

  test('a replica that restarts under its name gets its partitions back, the others keep theirs', async () => {
    const topic = itemTopic('sticky')
    const settings = settingsFor(kafka.brokers, { partitions: 24 })
    const owned = new Map<string, Set<number>>()
    const member = async (name: string) => {
      const bus = await openBus(settings, [topic], {}, name)
      open.push(bus)
      const mine = new Set<number>()
      owned.set(name, mine)
      await bus.consume({
        group: 'sticky',
        mode: 'claim',
        maximumInFlight: 10,
        subscriptions: [on(topic, () => {})],
        onAssigned: (partitions) => {
          for (const partition of partitions) mine.add(partition)
        },
        onRevoked: (partitions) => {
          for (const partition of partitions) mine.delete(partition)
        },
      })
      return bus
    }
    const settled = () =>
      [...owned.values()].every(({ size }) => size === 8) &&
      new Set([...owned.values()].flatMap((set) => [...set])).size === 24
    const [, second] = [await member('pod-0'), await member('pod-1'), await member('pod-2')]
    await eventually(settled, 'a third each')
    const before = [...owned].map(([name, set]) => [name, [...set].sort()])
    await second?.close()
    owned.delete('pod-1')
    await eventually(() => [...owned.values()].every(({ size }) => size === 12), 'half each')
    await member('pod-1')
    await eventually(settled, 'a third each again')
    assert.deepEqual([...owned].map(([name, set]) => [name, [...set].sort()]).sort(), before.sort())
  })
})

describe('producer and topics on a real broker', () => {
  test('the trace context rides as a header, the key is the key', async () => {
    const topic = itemTopic('traced')
    const { bus, settings } = await start([topic])
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await bus.publish(topic, { key: 'k', n: 1, traceparent } as Item)
    const [message] = await read(settings, topic)
    assert.equal(message?.headers?.traceparent?.toString(), traceparent)
    assert.equal(message?.key?.toString(), 'k')
  })

  test('design Personal data: enciphered payloads give the same results and show nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-keys-'))
    const [oldKey, newKey] = [join(folder, 'old'), join(folder, 'new')]
    for (const file of [oldKey, newKey]) writeFileSync(file, randomBytes(32).toString('hex'))
    const topic = itemTopic('secret')
    const plain = await start([topic])
    const sealed = { ...plain.settings, payloadKeyFiles: [oldKey] }
    const rotated = { ...plain.settings, payloadKeyFiles: [newKey, oldKey] }
    const seen: number[] = []
    const reader = await openBus(rotated, [topic])
    open.push(reader)
    await reader.consume({
      group: 'secret',
      mode: 'at-least-once',
      maximumInFlight: 10,
      subscriptions: [on(topic, ({ value }) => void seen.push(value.n))],
    })
    for (const [n, settings] of [plain.settings, sealed, rotated].entries()) {
      const writer = await openBus(settings, [topic])
      open.push(writer)
      await writer.publish(topic, { key: 'visible', n })
    }
    await eventually(() => seen.length === 3, 'plain, old key and new key')
    assert.deepEqual(seen.toSorted(), [0, 1, 2])
    const messages = await read(plain.settings, topic)
    assert.equal(messages.filter(({ value }) => value?.includes('"key"')).length, 1)
    rmSync(folder, { recursive: true })
  })

  test('topics that do not fit are all named, and what is there is never changed', async () => {
    const [good, parted, short, missing] = ['good', 'parted', 'short', 'missing'].map((name) =>
      itemTopic(name),
    )
    const settings = settingsFor(kafka.brokers, { createTopics: false })
    const admin = outsider(settings).admin()
    await admin.connect()
    const make = (topic: Topic<Item>, numPartitions: number, retentionMs: number) => ({
      topic: settings.prefix + topic.name,
      numPartitions,
      configEntries: [{ name: 'retention.ms', value: String(retentionMs) }],
    })
    await admin.createTopics({
      topics: [
        make(good as Topic<Item>, 6, 600_000),
        make(parted as Topic<Item>, 5, 600_000),
        make(short as Topic<Item>, 6, 1_000),
      ],
    })
    await admin.disconnect()
    const topics = [good, parted, short, missing] as Topic<Item>[]
    await assert.rejects(openBus(settings, topics), (error: BusError) => {
      assert.equal(error.code, 'topics')
      assert.match(error.message, /parted\S+ has 5 partitions, 6 are configured/)
      assert.match(error.message, /short\S+ keeps records for 1000 ms, 600000 are needed/)
      assert.match(error.message, /missing\S+ is missing/)
      assert.doesNotMatch(error.message, /good/)
      return true
    })
    const states = await manageTopics(settings, topics, true, () => {})
    assert.deepEqual(
      states.map(({ state }) => state),
      ['ok', 'wrong', 'wrong', 'created'],
    )
  })

  test('no broker: one sentence, soon', async () => {
    await assert.rejects(
      openBus(settingsFor('127.0.0.1:1'), []),
      /no Kafka broker serves us at 127\.0\.0\.1:1/,
    )
  })
})

async function read(settings: KafkaSettings, topic: Topic<Item>) {
  const consumer = outsider(settings).consumer({
    groupId: `reader-${randomBytes(4).toString('hex')}`,
    maxWaitTimeInMs: 100,
  })
  const messages: import('kafkajs').KafkaMessage[] = []
  await consumer.connect()
  await consumer.subscribe({ topics: [settings.prefix + topic.name], fromBeginning: true })
  const admin = outsider(settings).admin()
  await admin.connect()
  const total = (await admin.fetchTopicOffsets(settings.prefix + topic.name)).reduce(
    (n, { high }) => n + Number(high),
    0,
  )
  await admin.disconnect()
  await consumer.run({ eachMessage: async ({ message }) => void messages.push(message) })
  await eventually(() => messages.length === total, `${total} messages`)
  await consumer.disconnect()
  return messages
}
