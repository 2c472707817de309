// A five-hop chain in a process of its own: `kafka-chain.ts bus|bare PREFIX`, brokers in KAFKA_BROKERS. Tells its
// parent what it measured.
import { setTimeout as delay } from 'node:timers/promises'
import { KafkaBus, on } from '@ipsmgw/bus'
import { SILENT_EVENTS } from '@ipsmgw/bus/testing'
import { defineTopic, type Topic } from '@ipsmgw/events'
import Type from 'typebox'
import { cpuMsOf } from './cpu.ts'
import type { ChainResult } from './kafka.ts'
import { BareChain } from './kafka-bare.ts'

export interface Item {
  readonly key: string
  readonly n: number
  readonly startedAtMs: number
  readonly body: string
}

/** What runs the hops; the last one ends at `arrived`. */
export interface Chain {
  start(arrived: (item: Item) => void): Promise<void>
  send(item: Item): Promise<void>
  close(): Promise<void>
}

const HOPS = 5
/** The hop that claims before it hands over, as sm-delivery does. */
const CLAIMING_HOP = 4
const PARTITIONS = 24
const RATE_PER_SECOND = 100
const STEADY_MS = Number(process.env.BENCH_STEADY_MS ?? 15_000)
const FULL_MS = Number(process.env.BENCH_FULL_MS ?? 10_000)
const IDLE_MS = 5_000
const AT_ONCE = 200
/** When given, records are enciphered. */
const PAYLOAD_KEY_FILE = process.env.BENCH_PAYLOAD_KEY_FILE
/** Of the brokers, as far as they run here. */
const BROKER_PIDS = (process.env.BENCH_BROKER_PIDS ?? '').split(',').filter((pid) => pid !== '')
const BODY = 'x'.repeat(500)

const itemTopic = (hop: number): Topic<Item> =>
  defineTopic({
    name: `hop${hop}`,
    version: 1,
    schema: Type.Object({
      key: Type.String(),
      n: Type.Integer(),
      startedAtMs: Type.Number(),
      body: Type.String(),
    }),
    retentionMs: 600_000,
    partitioning: 'pipeline',
    key: ({ key }) => key,
  })
export const TOPICS = Array.from({ length: HOPS }, (_, hop) => itemTopic(hop))

class BusChain implements Chain {
  readonly #bus: KafkaBus
  constructor(brokers: readonly string[], prefix: string) {
    this.#bus = new KafkaBus(
      {
        brokers: [...brokers],
        prefix,
        partitions: PARTITIONS,
        createTopics: true,
        replicationFactor: 1,
        tls: false,
        sessionTimeoutMs: 10_000,
        ...(PAYLOAD_KEY_FILE !== undefined && { payloadKeyFiles: [PAYLOAD_KEY_FILE] }),
      },
      { events: SILENT_EVENTS, log: () => {}, now: Date.now, clientId: 'bench' },
    )
  }

  async start(arrived: (item: Item) => void): Promise<void> {
    await this.#bus.connect(TOPICS)
    for (const [hop, topic] of TOPICS.entries()) {
      const next = TOPICS[hop + 1]
      await this.#bus.consume({
        group: `hop${hop}`,
        mode: hop + 1 === CLAIMING_HOP && !process.env.BENCH_NO_CLAIM ? 'claim' : 'at-least-once',
        maximumInFlight: 5_000,
        subscriptions: [
          on(topic, ({ value }) => (next === undefined ? arrived(value) : this.#bus.publish(next, value))),
        ],
      })
    }
  }

  send(item: Item): Promise<void> {
    return this.#bus.publish(TOPICS[0] as Topic<Item>, item)
  }

  close(): Promise<void> {
    return this.#bus.close()
  }
}

const [kind = 'bus', prefix = 'bench.'] = process.argv.slice(2)
const brokers = (process.env.KAFKA_BROKERS ?? '').split(',')
const chain: Chain =
  kind === 'bus' ? new BusChain(brokers, prefix) : new BareChain(brokers, prefix, PARTITIONS)

let latencies: number[] = []
let arrived = 0
let onArrival = () => {}
const now = () => performance.timeOrigin + performance.now()

let n = 0
const send = () => chain.send({ key: `k${n % 5_000}`, n: n++, startedAtMs: now(), body: BODY })

const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const brokerCpuMs = () => BROKER_PIDS.reduce((sum, pid) => sum + cpuMsOf(Number(pid)), 0)

/** Sends at a steady rate and waits for the last to arrive. */
async function steady(durationMs: number): Promise<void> {
  latencies = []
  const begin = now()
  const count = (durationMs * RATE_PER_SECOND) / 1000
  const before = arrived
  for (let i = 0; i < count; i++) {
    const waitMs = begin + (i * 1000) / RATE_PER_SECOND - now()
    if (waitMs > 0) await delay(waitMs)
    void send()
  }
  while (arrived < before + count) await delay(5)
}

/** So many at once, always: the rate is what the chain sustains. */
async function full(durationMs: number): Promise<number> {
  const end = now() + durationMs
  const before = arrived
  onArrival = () => {
    if (now() < end) void send()
  }
  for (let i = 0; i < AT_ONCE; i++) void send()
  await delay(durationMs)
  const rate = ((arrived - before) * 1000) / durationMs
  onArrival = () => {}
  while (arrived < n) await delay(5)
  return rate
}

const percentile = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0

await chain.start((item) => {
  arrived++
  latencies.push(now() - item.startedAtMs)
  onArrival()
})
await steady(3_000)
let cpu = cpuMs()
await delay(IDLE_MS)
const idleCpuShare = (cpuMs() - cpu) / IDLE_MS
cpu = cpuMs()
await steady(STEADY_MS)
const steadyCpuMs = cpuMs() - cpu
const sorted = latencies.toSorted((a, b) => a - b)
cpu = cpuMs()
const beforeFull = arrived
const brokerCpu = brokerCpuMs()
const perSecond = await full(FULL_MS)
const result: ChainResult = {
  p50Ms: percentile(sorted, 0.5),
  p99Ms: percentile(sorted, 0.99),
  perSecond,
  idleCpuShare,
  steadyCpuMsPerHop: steadyCpuMs / sorted.length / HOPS,
  fullCpuMsPerHop: (cpuMs() - cpu) / (arrived - beforeFull) / HOPS,
  brokerCpuMsPerHop: (brokerCpuMs() - brokerCpu) / (arrived - beforeFull) / HOPS,
}
await chain.close()
process.send?.(result)
process.disconnect?.()
