/**
 * What the group coordinator adds to a claim: a commit by the bare library, with the time that Kafka by itself waits
 * for more to write, and without.
 */
import kafkajs from 'kafkajs'
import { startKafka } from '../../scripts/kafka.ts'
import { report } from './measure.ts'

const WARM_UP = 200
const COMMITS = 500
const LINGER = 'group.coordinator.append.linger.ms'
const TOPIC = 'commits'

/** Of Kafka by itself, milliseconds. */
const DEFAULT_LINGER = '5'

const waiting = await commitTimes(DEFAULT_LINGER)
const atOnce = await commitTimes('0')
const input = `${COMMITS} commits, one after the other`
report(
  `Commits, ${LINGER} 0 beside ${DEFAULT_LINGER}`,
  ([0.5, 0.99] as const).map((share) => ({
    what: `a commit, p${share * 100}`,
    input,
    value: percentile(atOnce, share),
    unit: 'ms',
    baseline: { name: 'with linger', value: percentile(waiting, share) },
    ...(share === 0.5 && { target: { ratioAtMost: 0.8 } }),
  })),
)

/** Shortest first. */
async function commitTimes(linger: string): Promise<number[]> {
  const kafka = await startKafka({ properties: { [LINGER]: linger }, out: process.stderr })
  const client = new kafkajs.Kafka({ brokers: kafka.brokers.split(','), logLevel: kafkajs.logLevel.NOTHING })
  const consumer = client.consumer({ groupId: 'commits', maxWaitTimeInMs: 100 })
  try {
    const admin = client.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1 }], waitForLeaders: true })
    await admin.disconnect()
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
    await consumer.connect()
    await consumer.subscribe({ topics: [TOPIC] })
    await consumer.run({ autoCommit: false, eachBatch: async () => {} })
    await joined
    const times: number[] = []
    for (let n = 0; n < WARM_UP + COMMITS; n++) {
      const begin = performance.now()
      await consumer.commitOffsets([{ topic: TOPIC, partition: 0, offset: String(n) }])
      if (n >= WARM_UP) times.push(performance.now() - begin)
    }
    return times.toSorted((a, b) => a - b)
  } finally {
    await consumer.disconnect()
    await kafka.stop()
  }
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN
}
