/**
 * The inputs of the scale model: what a message costs in each service and how long it takes, with 1, 2, 4 and 8
 * replicas of each over which the partitions are spread. CPU time is read from /proc.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Front } from '../chaos/front.ts'
import { Installation } from '../chaos/installation.ts'
import { type Figure, report } from './measure.ts'

const REPLICAS = (process.env.BENCH_REPLICAS ?? '1,2,4,8').split(',').map(Number)
const RATE_PER_SECOND = Number(process.env.BENCH_RATE ?? 100)
const WARM_UP_MS = 3_000
const STEADY_MS = Number(process.env.BENCH_STEADY_MS ?? 15_000)
const FIRST_NUMBER = 447700800000
const PHONES = 500
const MS_PER_TICK = 10

for (const replicas of REPLICAS) report(`${replicas} of each service`, await measure(replicas))

async function measure(replicas: number): Promise<Figure[]> {
  const installation = await Installation.start({
    brokers: 1,
    replicas,
    verbose: false,
    wired: false,
    told: () => {},
  })
  try {
    await setPhones(installation.lab.url)
    const front = await Front.open(installation.ingresses)
    await load(front, WARM_UP_MS)
    const before = cpuOf(installation)
    const tookMs = await load(front, STEADY_MS)
    const after = cpuOf(installation)
    await front.close()
    const input = `${RATE_PER_SECOND}/s, phones answer at once`
    return [
      { what: 'from request to final, p50', input, value: percentile(tookMs, 0.5), unit: 'ms' },
      { what: 'from request to final, p99', input, value: percentile(tookMs, 0.99), unit: 'ms' },
      ...[...after].map(([service, cpuMs]) => ({
        what: `${service}, CPU a message`,
        input,
        value: (cpuMs - (before.get(service) ?? 0)) / tookMs.length,
        unit: 'ms',
      })),
    ]
  } finally {
    await installation.stop()
  }
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
  const begin = performance.now()
  const told = []
  for (let n = 0; n < (durationMs * RATE_PER_SECOND) / 1000; n++) {
    const waitMs = begin + (n * 1000) / RATE_PER_SECOND - performance.now()
    if (waitMs > 0) await delay(waitMs)
    told.push(front.send({ to: `+${FIRST_NUMBER + (n % PHONES)}`, text: `scale ${n}` }))
  }
  const all = await Promise.all(told)
  const other = all.find(({ status }) => status !== 200)
  if (other !== undefined) throw new Error(`a sender was told ${other.status}`)
  return all.map(({ afterMs }) => afterMs).toSorted((a, b) => a - b)
}

/** CPU time of all replicas of each service, milliseconds. */
function cpuOf({ replicas }: Installation): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { service, pid } of replicas) sums.set(service, (sums.get(service) ?? 0) + cpuMs(pid))
  return sums
}

/** User and system time, fields 14 and 15 of proc_pid_stat(5). */
function cpuMs(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
