/**
 * A chain of five hops over a real broker on the same cores: through the bus (the fourth hop claims), and through the
 * bare library with batching. Latency at a steady rate, the rate that is sustained, and CPU.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startKafka } from '../../scripts/kafka.ts'
import { report } from './measure.ts'

export interface ChainResult {
  /** From the first publish to the last handler, all hops, at 100 messages a second. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly perSecond: number
  /** Of one core, all hops together, nothing to do. */
  readonly idleCpuShare: number
  readonly steadyCpuMsPerHop: number
  readonly fullCpuMsPerHop: number
}

const HOPS = 5
const kafka = await startKafka({ out: process.stderr })
try {
  const bare = await run('bare')
  const bus = await run('bus')
  const input = '100/s, 600 octets, 24 partitions'
  const baseline = (value: number) => ({ name: 'bare library', value })
  report('Kafka: five hops, broker on the same cores', [
    {
      what: 'latency p50, five hops',
      input,
      value: bus.p50Ms,
      unit: 'ms',
      baseline: baseline(bare.p50Ms),
      target: { ratioAtMost: 1.5 },
    },
    { what: 'latency p99, five hops', input, value: bus.p99Ms, unit: 'ms', baseline: baseline(bare.p99Ms) },
    {
      what: 'sustained',
      input: '200 at once',
      value: bus.perSecond,
      unit: 'messages/s',
      baseline: baseline(bare.perSecond),
      target: { ratioAtLeast: 0.6 },
    },
    {
      what: 'CPU per message and hop, trickling',
      input,
      value: bus.steadyCpuMsPerHop,
      unit: 'ms',
      baseline: baseline(bare.steadyCpuMsPerHop),
    },
    {
      what: 'CPU per message and hop, sustained',
      input: '200 at once',
      value: bus.fullCpuMsPerHop,
      unit: 'ms',
      baseline: baseline(bare.fullCpuMsPerHop),
    },
    {
      what: 'idle CPU of one hop',
      input: 'nothing to do',
      value: (bus.idleCpuShare * 100) / HOPS,
      unit: '% of a core',
      baseline: baseline((bare.idleCpuShare * 100) / HOPS),
      target: { atMost: 2 },
    },
  ])
} finally {
  await kafka.stop()
}

async function run(kind: 'bus' | 'bare'): Promise<ChainResult> {
  const file = fileURLToPath(new URL('kafka-chain.ts', import.meta.url))
  const child = fork(file, [kind, `bench-${kind}-${Date.now()}.`], {
    env: { ...process.env, KAFKA_BROKERS: kafka.brokers },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [result] = (await once(child, 'message')) as [ChainResult]
  return result
}
