/**
 * A chain of five hops over a real broker on the same cores: through the bus (the fourth hop claims), and through the
 * bare library with batching. Latency at a steady rate, the rate that is sustained, and CPU.
 */
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
  const enciphered = await runEnciphered()
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
      what: 'the same, records enciphered',
      input: '200 at once',
      value: enciphered.fullCpuMsPerHop,
      unit: 'ms',
      baseline: { name: 'in the clear', value: bus.fullCpuMsPerHop },
    },
    {
      what: 'sustained, records enciphered',
      input: '200 at once',
      value: enciphered.perSecond,
      unit: 'messages/s',
      baseline: { name: 'in the clear', value: bus.perSecond },
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

async function runEnciphered(): Promise<ChainResult> {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-bench-'))
  const file = join(folder, 'payload-key')
  writeFileSync(file, randomBytes(32).toString('hex'))
  try {
    return await run('bus', { BENCH_PAYLOAD_KEY_FILE: file })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function run(kind: 'bus' | 'bare', environment: Record<string, string> = {}): Promise<ChainResult> {
  const file = fileURLToPath(new URL('kafka-chain.ts', import.meta.url))
  const child = fork(file, [kind, `bench-${kind}-${Date.now()}.`], {
    env: { ...process.env, KAFKA_BROKERS: kafka.brokers, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [result] = (await once(child, 'message')) as [ChainResult]
  return result
}
