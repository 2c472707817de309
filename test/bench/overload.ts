/**
 * Twice the capacity for a minute (design §6), over one TCP connection by SIPp, which sends by the clock whatever comes
 * back. SIPp, lab and gateway share the cores, so the capacity found is that of all three together.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { differentMessages } from '../support/load.ts'
import { freePort, ROOT, startProcess } from '../support/processes.ts'
import { startLab } from '../support/separate-processes.ts'
import { type Figure, report } from './measure.ts'
import { startGateway } from './measured-gateway.ts'
import type { MeasuredProcess } from './measured-process.ts'

interface Load {
  readonly ratePerSecond: number
  readonly seconds: number
  /** Without an answer at a time; then the clock waits. */
  readonly maximumOpen?: number
}

const WARM_UP: Load = { ratePerSecond: 500, seconds: 10 }
/** As fast as it goes: the next message leaves when one of so many is answered. */
const FULL: Load = { ratePerSecond: 20_000, seconds: 1.5, maximumOpen: 100 }
const UNCONGESTED = { share: 0.5, seconds: 20 }
const OVERLOAD = { share: 2, seconds: 60 }
const AFTERWARDS = { share: 0.5, seconds: 15 }

/** A request's answer: when it came, after the start of the run, and how long it took. */
interface Timed {
  readonly atMs: number
  readonly elapsedMs: number
}

interface Run {
  readonly accepted: readonly Timed[]
  readonly refused: readonly Timed[]
  /** Neither 200, nor 503 with Retry-After. */
  readonly failed: number
  readonly elapsedMs: number
  /** Status lines of those. */
  readonly unexpected: string
}

/** Ending of the file that SIPp writes its response times to. */
const TRACE = '_rtt.csv'

/** So many messages a second for so long, whatever comes back. */
async function send(
  port: number,
  { ratePerSecond, seconds, maximumOpen = 200_000 }: Load,
  text: string,
): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-overload-'))
  try {
    const messages = differentMessages(Math.round(ratePerSecond * seconds), (i) => `${text} ${i}: a note`)
    const rows = messages.map(({ to, text: words }) => `${to};${words}`)
    writeFileSync(join(folder, 'messages.csv'), `SEQUENTIAL\n${rows.join('\n')}\n`)
    const sipp = await startProcess(
      'sipp',
      [
        `127.0.0.1:${port}`,
        ...['-sf', join(ROOT, 'test/bench/overload.xml'), '-inf', 'messages.csv'],
        ...['-t', 't1', '-i', '127.0.0.1', '-p', String(await freePort())],
        ...[
          '-r',
          String(Math.round(ratePerSecond)),
          '-m',
          String(messages.length),
          '-l',
          String(maximumOpen),
        ],
        ...['-trace_err', '-error_file', 'errors.log'],
        ...['-nostdin', '-trace_rtt', '-rtt_freq', '50', '-trace_stat', '-stf', 'statistics.csv'],
      ],
      { directory: folder },
    )
    const startedAt = performance.now()
    await sipp.ended
    const elapsedMs = performance.now() - startedAt
    const output = sipp.output().slice(-2_000)
    if (!readdirSync(folder).some((name) => name.endsWith(TRACE)))
      throw new Error(`SIPp left no trace:\n${output}`)
    return { ...tracesIn(folder), elapsedMs, unexpected: unexpectedIn(folder) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** SIPp's traces: time, response time and the timer that ended, 1 for a 200 and 2 for a 503. */
function tracesIn(folder: string): Omit<Run, 'unexpected' | 'elapsedMs'> {
  const trace = readdirSync(folder).find((name) => name.endsWith(TRACE)) ?? ''
  const rows = readFileSync(join(folder, trace), 'utf8').trim().split('\n').slice(1)
  const timed = (timer: string) =>
    rows
      .map((row) => row.split(';'))
      .filter(([, , name]) => name?.trim() === timer)
      .map(([at, elapsed]) => ({ atMs: Number(at), elapsedMs: Number(elapsed) }))
  const [names = '', ...values] = readFileSync(join(folder, 'statistics.csv'), 'utf8').trim().split('\n')
  const column = names.split(';').indexOf('FailedCall(C)')
  return {
    accepted: timed('1'),
    refused: timed('2'),
    failed: Number(values.at(-1)?.split(';')[column]),
  }
}

function unexpectedIn(folder: string): string {
  const file = join(folder, 'errors.log')
  if (!existsSync(file)) return 'none'
  const lines =
    readFileSync(file, 'utf8').match(/SIP\/2\.0 \d{3} [^\r\n]*|^(?:Reason|Warning): [^\r\n]*/gm) ?? []
  const counts = Map.groupBy(lines, (line) => line.replace(/\d{5,}/g, 'N'))
  return [...counts].map(([line, all]) => `${all.length} × ${line}`).join(', ')
}

function percentile(timed: readonly Timed[], part: number): number {
  const sorted = timed.map(({ elapsedMs }) => elapsedMs).sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

/** What the gateway occupies in memory, each second until `stop`, octets. */
function watchMemory(gateway: MeasuredProcess): { readonly samples: number[]; stop(): void } {
  const samples: number[] = []
  const timer = setInterval(() => samples.push(gateway.residentOctets()), 1_000)
  return { samples, stop: () => clearInterval(timer) }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

async function run(gateway: MeasuredProcess, port: number): Promise<Figure[]> {
  await send(port, WARM_UP, 'warm-up')
  const full = await send(port, FULL, 'full')
  const perSecond = (full.accepted.length / full.elapsedMs) * 1_000
  const at = ({ share, seconds }: typeof OVERLOAD, text: string) =>
    send(port, { ratePerSecond: perSecond * share, seconds }, text)
  const calm = await at(UNCONGESTED, 'calm')
  const memory = watchMemory(gateway)
  const overload = await at(OVERLOAD, 'overload')
  memory.stop()
  const afterwards = await at(AFTERWARDS, 'afterwards')
  if (calm.failed + overload.failed + afterwards.failed > 0)
    throw new Error(
      `answered otherwise: ${[calm, overload, afterwards].map(({ unexpected }) => unexpected).join('; ')}`,
    )
  const input = `${Math.round(perSecond * OVERLOAD.share)}/s for ${OVERLOAD.seconds} s`
  const half = Math.floor(memory.samples.length / 2)
  const baseline = { name: 'at half of the capacity', value: percentile(calm.accepted, 0.99) }
  return [
    { what: 'capacity', input: `${FULL.maximumOpen} open`, value: perSecond, unit: '/s' },
    {
      what: 'taken',
      input,
      value: overload.accepted.length / OVERLOAD.seconds,
      unit: '/s',
      baseline: { name: 'capacity', value: perSecond },
    },
    {
      what: 'taken ones, p50',
      input,
      value: percentile(overload.accepted, 0.5),
      unit: 'ms',
      baseline: { name: baseline.name, value: percentile(calm.accepted, 0.5) },
    },
    {
      what: 'taken ones, p99',
      input,
      value: percentile(overload.accepted, 0.99),
      unit: 'ms',
      baseline,
      target: { ratioAtMost: 2 },
    },
    {
      what: 'refused ones, 503 with Retry-After, p99',
      input,
      value: percentile(overload.refused, 0.99),
      unit: 'ms',
      target: { atMost: 50 },
    },
    {
      what: 'resident memory in the second half',
      input,
      value: mean(memory.samples.slice(half)),
      unit: 'octets',
      baseline: { name: 'the first half', value: mean(memory.samples.slice(0, half)) },
      target: { ratioAtMost: 1.1 },
    },
    {
      what: 'last refusal after the end',
      input: `${Math.round(perSecond * AFTERWARDS.share)}/s from then on`,
      value: Math.max(0, ...afterwards.refused.map(({ atMs }) => atMs)) / 1_000,
      unit: 's',
      target: { atMost: 5 },
    },
  ]
}

const lab = await startLab()
try {
  const gateway = await startGateway(lab)
  try {
    report(
      'standalone gateway at twice its capacity, with lab and SIPp on the same cores',
      await run(gateway.process, gateway.port),
    )
  } finally {
    await gateway.stop()
  }
} finally {
  await lab.stop()
}
