import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { quietTimers } from '@ipsmgw/bus/testing'
import { TOPICS } from '@ipsmgw/events'
import { Kafka, logLevel } from 'kafkajs'

/** One record of the pipeline, read again after the run. */
export interface LedgerEntry {
  /** By the clock of the process that wrote it, Unix milliseconds. */
  readonly atMs: number
  readonly topic: string
  readonly where: string
  readonly value: Readonly<Record<string, unknown>>
}

export type Ledger = ReadonlyMap<string, readonly LedgerEntry[]>

const READ_WITHIN_MS = 120_000

/** All records of these messages, by message. What the brokers have thrown away is not there any more. */
export async function readLedger(
  brokers: readonly string[],
  prefix: string,
  wanted: ReadonlySet<string>,
): Promise<Ledger> {
  const ledger = new Map<string, LedgerEntry[]>()
  quietTimers()
  const kafka = new Kafka({ brokers: [...brokers], clientId: 'judge', logLevel: logLevel.NOTHING })
  const topics = TOPICS.map(({ name }) => prefix + name)
  const left = await endsOf(kafka, topics)
  const consumer = kafka.consumer({ groupId: `judge-${randomUUID()}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topics, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ topic, partition, message }) => {
      if (Number(message.offset) + 1 >= (left.get(`${topic}/${partition}`) ?? 0))
        left.delete(`${topic}/${partition}`)
      const value = valueIn(message.value)
      const messageId = idIn(value)
      if (value === undefined || messageId === undefined || !wanted.has(messageId)) return
      const entry: LedgerEntry = {
        atMs: Number(message.timestamp),
        topic: topic.slice(prefix.length),
        where: `${partition}/${message.offset}`,
        value,
      }
      const entries = ledger.get(messageId)
      if (entries === undefined) ledger.set(messageId, [entry])
      else entries.push(entry)
    },
  })
  for (const giveUpAtMs = Date.now() + READ_WITHIN_MS; left.size > 0 && Date.now() < giveUpAtMs; )
    await delay(100)
  await consumer.disconnect()
  return ledger
}

/** Where each partition that holds anything ends. */
async function endsOf(kafka: Kafka, topics: readonly string[]): Promise<Map<string, number>> {
  const admin = kafka.admin()
  await admin.connect()
  const ends = new Map<string, number>()
  for (const topic of topics)
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
      if (Number(high) > Number(low)) ends.set(`${topic}/${partition}`, Number(high))
  await admin.disconnect()
  return ends
}

function valueIn(octets: Buffer | null): LedgerEntry['value'] | undefined {
  try {
    const { value } = JSON.parse(octets?.toString() ?? '') as { value?: { report?: LedgerEntry['value'] } }
    return value?.report ?? (value as LedgerEntry['value'])
  } catch {
    // A probe, or what was made to be unreadable.
    return undefined
  }
}

function idIn(value: LedgerEntry['value'] | undefined): string | undefined {
  const { notification, messageId } = (value ?? {}) as {
    notification?: { messageId?: string }
    messageId?: string
  }
  return messageId ?? notification?.messageId
}
