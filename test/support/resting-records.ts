import kafkajs from 'kafkajs'
import { eventually } from './eventually.ts'

/** A record as it rests in a topic. */
export interface RestingRecord {
  readonly topic: string
  readonly value: Buffer
  /** Of key, value and headers. */
  readonly octets: number
}

/** Everything in the topics of an installation, marks without a value apart, as anybody reads it who may. */
export async function restingRecords(brokers: string, prefix: string): Promise<RestingRecord[]> {
  const client = new kafkajs.Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.NOTHING })
  const admin = client.admin()
  await admin.connect()
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix))
  const offsets = await Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic)))
  const expected = offsets.flat().reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0)
  await admin.disconnect()
  const consumer = client.consumer({ groupId: `${prefix}reader` })
  const records: RestingRecord[] = []
  let seen = 0
  await consumer.connect()
  await consumer.subscribe({ topics, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ topic, message: { key, value, headers = {} } }) => {
      seen++
      if (value === null || value.length === 0) return
      const head = Object.entries(headers).reduce(
        (sum, [name, it]) => sum + name.length + String(it).length,
        0,
      )
      records.push({ topic, value, octets: (key?.length ?? 0) + value.length + head })
    },
  })
  await eventually(() => seen >= expected, `${expected} records`, 60_000)
  await consumer.disconnect()
  return records
}
