/**
 * The inputs of the scale model (docs/scaling.md): what a message costs in each service and in the broker, how long it
 * takes, and how long the slowest waits while replicas go and come, with 1, 2, 4 and 8 replicas of each service over
 * which the partitions are spread. CPU time is read from /proc, ages of records from the services' metrics.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { imReceived } from '@ipsmgw/events'
import { Front, type Told } from '../chaos/front.ts'
import { Installation } from '../chaos/installation.ts'
import type { Replica } from '../chaos/replica.ts'
import { restingRecords } from '../support/resting-records.ts'
import { cpuMsOf } from './cpu.ts'
import { type Figure, report } from './measure.ts'

const REPLICAS = (process.env.BENCH_REPLICAS ?? '1,2,4,8').split(',').map(Number)
const RATE_PER_SECOND = Number(process.env.BENCH_RATE ?? 100)
const WARM_UP_MS = 5_000
const STEADY_MS = Number(process.env.BENCH_STEADY_MS ?? 15_000)
const IDLE_MS = 5_000
const FIRST_NUMBER = 447700800000
const PHONES = 500
/** Those whose leaving moves partitions that messages wait for. */
const REBALANCED = ['im-to-sms', 'hss-routing', 'sm-delivery', 'correlation']

for (const replicas of REPLICAS) {
  const [load = 0] = readFileSync('/proc/loadavg', 'utf8').split(' ').map(Number)
  report(`${replicas} of each service; load of the machine before: ${load}`, await measure(replicas))
}

async function measure(replicas: number): Promise<Figure[]> {
  const installation = await Installation.start({
    brokers: 1,
    replicas,
    verbose: false,
    wired: false,
    told: () => {},
  })
  const front = await Front.open(installation.ingresses)
  try {
    await setPhones(installation.lab.url)
    await load(front, WARM_UP_MS)
    const idle = await whileIdle(installation)
    const [cpuBefore, agesBefore] = [cpuOf(installation), await agesOf(installation)]
    const tookMs = await load(front, STEADY_MS)
    const [cpu, ages] = [difference(cpuOf(installation), cpuBefore), await agesOf(installation)]
    const input = `${RATE_PER_SECOND}/s, phones answer at once`
    return [
      ...times(input, tookMs, replicas === 1),
      ...[...ages].flatMap(([topic, { sum, count }]): Figure[] => {
        const before = agesBefore.get(topic) ?? { sum: 0, count: 0 }
        const value = ((sum - before.sum) / (count - before.count)) * 1_000
        if (count === before.count) return []
        return [{ what: `age of ${topic} when handed over, mean`, input, value, unit: 'ms' }]
      }),
      ...[...cpu].map(
        ([process, ms]): Figure => ({
          what: `${process}, CPU a message`,
          input,
          value: ms / tookMs.length,
          unit: 'ms',
        }),
      ),
      ...[...idle].map(([process, ms]): Figure => idleFigure(process, ms, replicas)),
      ...(replicas === 1 ? await restingFigures(installation) : await rebalanceFigures(installation, front)),
    ]
  } finally {
    await front.close()
    await installation.stop()
  }
}

/** Phones and HSS answer at once, so that the time is the gateway's own. */
function times(input: string, tookMs: readonly number[], judged: boolean): Figure[] {
  return (
    [
      [0.5, 25],
      [0.99, 80],
    ] as const
  ).map(([share, atMost]) => ({
    what: `from request to final, p${share * 100}`,
    input,
    value: percentile(tookMs, share),
    unit: 'ms',
    ...(judged && { target: { atMost } }),
  }))
}

function idleFigure(process: string, ms: number, replicas: number): Figure {
  const own = process !== 'broker'
  return {
    what: `${process}, CPU of one with nothing to do`,
    input: `${IDLE_MS / 1_000} s`,
    value: (ms / IDLE_MS / (own ? replicas : 1)) * 100,
    unit: '% of a core',
    ...(own && { target: { atMost: 2 } }),
  }
}

/** What a message leaves in the topics. Ticks and what else is for no message in particular count as well. */
async function restingFigures({ kafka, prefix }: Installation): Promise<Figure[]> {
  const records = await restingRecords(kafka.brokers, prefix)
  const messages = records.filter(({ topic }) => topic === prefix + imReceived.name).length
  const octets = records.reduce((sum, record) => sum + record.octets, 0)
  const input = `${messages} messages of one part`
  return [
    { what: 'records a message', input, value: records.length / messages, unit: '' },
    { what: 'octets a message in all topics', input, value: octets / messages, unit: 'octets' },
  ]
}

/** One replica of each service leaves and comes again, one after the other, under load. */
async function rebalanceFigures(installation: Installation, front: Front): Promise<Figure[]> {
  const everyMs = 6_000
  const leaving = (async () => {
    for (const service of REBALANCED) {
      await delay(everyMs / 2)
      installation.of(service)[0]?.signal('SIGTERM')
      await delay(everyMs / 2)
    }
  })()
  const told = await send(front, everyMs * REBALANCED.length)
  await leaving
  const input = `${REBALANCED.length} services, one replica of each leaves and returns`
  return [
    {
      what: 'longest wait of a sender',
      input,
      value: Math.max(...told.map(({ afterMs }) => afterMs)),
      unit: 'ms',
    },
    {
      what: 'senders told other than 200',
      input,
      value: told.filter(isOther).length,
      unit: `of ${told.length}`,
    },
  ]
}

async function whileIdle(installation: Installation): Promise<Map<string, number>> {
  await delay(2_000)
  const before = cpuOf(installation)
  await delay(IDLE_MS)
  return difference(cpuOf(installation), before)
}

async function setPhones(lab: string): Promise<void> {
  for (let phone = 0; phone < PHONES; phone++)
    await fetch(`${lab}/lab/subscribers/${FIRST_NUMBER + phone}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ behaviour: 'reachable', node: 'mme' }),
    })
}

/** Steady load; how long each message took, shortest first. Throws unless every sender is told 200. */
async function load(front: Front, durationMs: number): Promise<number[]> {
  const told = await send(front, durationMs)
  const other = told.find(isOther)
  if (other !== undefined) throw new Error(`a sender was told ${other.status}`)
  return told.map(({ afterMs }) => afterMs).toSorted((a, b) => a - b)
}

async function send(front: Front, durationMs: number): Promise<Told[]> {
  const begin = performance.now()
  const told: Promise<Told>[] = []
  for (let n = 0; n < (durationMs * RATE_PER_SECOND) / 1000; n++) {
    const waitMs = begin + (n * 1000) / RATE_PER_SECOND - performance.now()
    if (waitMs > 0) await delay(waitMs)
    told.push(front.send({ to: `+${FIRST_NUMBER + (n % PHONES)}`, text: `scale ${n}` }))
  }
  return Promise.all(told)
}

function isOther({ status }: Told): boolean {
  return status !== 200
}

/** CPU time of all replicas of each service and of the broker, milliseconds. */
function cpuOf({ replicas, kafka }: Installation): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { service, pid } of replicas) sums.set(service, (sums.get(service) ?? 0) + cpuMsOf(pid))
  for (const pid of kafka.processIds) sums.set('broker', (sums.get('broker') ?? 0) + cpuMsOf(pid))
  return sums
}

function difference(after: Map<string, number>, before: Map<string, number>): Map<string, number> {
  return new Map([...after].map(([name, value]) => [name, value - (before.get(name) ?? 0)]))
}

interface Ages {
  readonly sum: number
  readonly count: number
}

/** Seconds between writing and handing over of all records so far, by topic. */
async function agesOf({ replicas }: Installation): Promise<Map<string, Ages>> {
  const ages = new Map<string, Ages>()
  for (const text of await Promise.all(replicas.map((replica: Replica) => replica.metrics())))
    for (const [, topic = '', sum, count] of text.matchAll(
      /^ipsmgw_bus_lag_seconds_sum\{[^}]*topic="([^"]+)"[^}]*\} (\S+)\nipsmgw_bus_lag_seconds_count\{[^}]*\} (\d+)/gm,
    )) {
      const known = ages.get(topic) ?? { sum: 0, count: 0 }
      ages.set(topic, { sum: known.sum + Number(sum), count: known.count + Number(count) })
    }
  return ages
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
