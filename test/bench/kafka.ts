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
import { type Figure, report } from './measure.ts'

export interface ChainResult {
  /** From the first publish to the last handler, all hops, at 100 messages a second. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly perSecond: number
  /** Of one core, all hops together, nothing to do. */
  readonly idleCpuShare: number
  readonly steadyCpuMsPerHop: number
  readonly fullCpuMsPerHop: number
  /** Of the brokers, meanwhile; 0 where they do not run here. */
  readonly brokerCpuMsPerHop: number
}

const HOPS = 5
/** Taken in turns, so that what else the machine does meets all; of each figure the median counts. */
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3)

const kafka = await startKafka({ out: process.stderr })
try {
  const rounds: Record<'bare' | 'plain' | 'bus' | 'enciphered', ChainResult[]> = {
    bare: [],
    plain: [],
    bus: [],
    enciphered: [],
  }
  for (let round = 0; round < ROUNDS; round++) {
    rounds.bare.push(await run('bare'))
    rounds.plain.push(await run('bus', { BENCH_NO_CLAIM: '1' }))
    rounds.bus.push(await run('bus'))
    rounds.enciphered.push(await runEnciphered())
  }
  const { bare, plain, bus, enciphered } = rounds
  report(`Kafka: five hops, broker on the same cores, median of ${ROUNDS}`, [
    ...latencies(median(bare), median(plain), median(bus)),
    ...costs(median(bare), median(bus), median(enciphered)),
  ])
} finally {
  await kafka.stop()
}

/** The promise is the bare library's time and half of it again, and the claim. */
function latencies(bare: ChainResult, plain: ChainResult, bus: ChainResult): Figure[] {
  const input = '100/s, 600 octets, 24 partitions'
  return (['p50Ms', 'p99Ms'] as const).flatMap((field): Figure[] => {
    const name = `latency ${field.slice(0, -2)}, five hops`
    const baseline = { name: 'bare library', value: bare[field] }
    return [
      {
        what: `${name}, no claim`,
        input,
        value: plain[field],
        unit: 'ms',
        baseline,
        target: { ratioAtMost: 1.5 },
      },
      { what: `${name}, one claims`, input, value: bus[field], unit: 'ms', baseline },
    ]
  })
}

function costs(bare: ChainResult, bus: ChainResult, enciphered: ChainResult): Figure[] {
  const baseline = (value: number) => ({ name: 'bare library', value })
  const clear = (value: number) => ({ name: 'in the clear', value })
  const input = '200 at once'
  return [
    {
      what: 'sustained',
      input,
      value: bus.perSecond,
      unit: 'messages/s',
      baseline: baseline(bare.perSecond),
      target: { ratioAtLeast: 0.6 },
    },
    {
      what: 'CPU per message and hop, trickling',
      input: '100/s',
      value: bus.steadyCpuMsPerHop,
      unit: 'ms',
      baseline: baseline(bare.steadyCpuMsPerHop),
    },
    {
      what: 'CPU per message and hop, sustained',
      input,
      value: bus.fullCpuMsPerHop,
      unit: 'ms',
      baseline: baseline(bare.fullCpuMsPerHop),
    },
    {
      what: 'CPU of the broker per message and hop, sustained',
      input,
      value: bus.brokerCpuMsPerHop,
      unit: 'ms',
      baseline: baseline(bare.brokerCpuMsPerHop),
    },
    {
      what: 'the same, records enciphered',
      input,
      value: enciphered.fullCpuMsPerHop,
      unit: 'ms',
      baseline: clear(bus.fullCpuMsPerHop),
    },
    {
      what: 'trickling, records enciphered',
      input: '100/s',
      value: enciphered.steadyCpuMsPerHop,
      unit: 'ms',
      baseline: clear(bus.steadyCpuMsPerHop),
    },
    {
      what: 'sustained, records enciphered',
      input,
      value: enciphered.perSecond,
      unit: 'messages/s',
      baseline: clear(bus.perSecond),
    },
    {
      what: 'idle CPU of one hop',
      input: 'nothing to do',
      value: (bus.idleCpuShare * 100) / HOPS,
      unit: '% of a core',
      baseline: baseline((bare.idleCpuShare * 100) / HOPS),
      target: { atMost: 2 },
    },
  ]
}

function median(results: readonly ChainResult[]): ChainResult {
  const [first] = results
  if (first === undefined) throw new Error('nothing was measured')
  const fields = Object.keys(first) as (keyof ChainResult)[]
  const middle = (field: keyof ChainResult) =>
    results.map((result) => result[field]).toSorted((a, b) => a - b)[results.length >> 1] as number
  return Object.fromEntries(fields.map((field) => [field, middle(field)])) as Record<
    keyof ChainResult,
    number
  >
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
    env: {
      ...process.env,
      KAFKA_BROKERS: kafka.brokers,
      BENCH_BROKER_PIDS: kafka.processIds.join(),
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [result] = (await once(child, 'message')) as [ChainResult]
  return result
}
