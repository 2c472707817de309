import { randomUUID } from 'node:crypto'
import { type BusEvents, KafkaBus, type KafkaSettings } from '@ipsmgw/bus'
import { SILENT_EVENTS } from '@ipsmgw/bus/testing'
import { defineTopic, type Topic } from '@ipsmgw/events'
import { Kafka, logLevel } from 'kafkajs'
import Type from 'typebox'

export interface Item {
  readonly key: string
  readonly n: number
}

/** A topic of a test's own. */
export function itemTopic(name: string, over: Partial<Pick<Topic<Item>, 'partitioning'>> = {}): Topic<Item> {
  return itemTopicNamed(`${name}-${randomUUID()}`, over.partitioning)
}

/** The same topic again, in another process. */
export function itemTopicNamed(
  name: string,
  partitioning: Topic<Item>['partitioning'] = 'pipeline',
): Topic<Item> {
  return defineTopic({
    name,
    version: 1,
    schema: Type.Object({ key: Type.String(), n: Type.Integer(), traceparent: Type.Optional(Type.String()) }),
    retentionMs: 600_000,
    partitioning,
    key: (value) => value.key,
  })
}

/** Settings of a test's own installation: a prefix nobody else has, topics are made. */
export function settingsFor(brokers: string, over: Partial<KafkaSettings> = {}): KafkaSettings {
  return {
    brokers: brokers.split(','),
    prefix: `test-${randomUUID().slice(0, 8)}.`,
    partitions: 6,
    createTopics: true,
    replicationFactor: 1,
    tls: false,
    sessionTimeoutMs: 6_000,
    ...over,
  }
}

export async function openBus(
  settings: KafkaSettings,
  topics: readonly Topic<Item>[],
  events: Partial<BusEvents> = {},
  clientId: string = randomUUID(),
): Promise<KafkaBus> {
  const bus = new KafkaBus(settings, {
    events: { ...SILENT_EVENTS, ...events },
    log: () => {},
    now: Date.now,
    clientId,
  })
  await bus.connect(topics)
  return bus
}

/** The broker as an outsider sees it. */
export function outsider({ brokers }: KafkaSettings): Kafka {
  return new Kafka({ brokers, clientId: 'outsider', logLevel: logLevel.NOTHING })
}

/** What a group has committed for a topic, by partition; -1 for nothing. */
export async function committedOffsets(
  settings: KafkaSettings,
  group: string,
  topic: Topic<Item>,
): Promise<number[]> {
  const admin = outsider(settings).admin()
  await admin.connect()
  try {
    const name = settings.prefix + topic.name
    const [found] = await admin.fetchOffsets({ groupId: settings.prefix + group, topics: [name] })
    return (found?.partitions ?? [])
      .toSorted((a, b) => a.partition - b.partition)
      .map(({ offset }) => Number(offset))
  } finally {
    await admin.disconnect()
  }
}
