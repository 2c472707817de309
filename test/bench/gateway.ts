/**
 * The standalone gateway under SIPp, with SIPp and the lab as processes of their own on the same cores. Baseline: the
 * same SIPp run against an endpoint that answers 200 at once, so what remains is the price of the job itself.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runSipp } from '../interop/sip/sipp.ts'
import { freePort, ROOT } from '../support/processes.ts'
import { type LabProcess, startLab } from '../support/separate-processes.ts'
import { type Figure, report } from './measure.ts'
import { type MeasuredGateway, startGateway } from './measured-gateway.ts'
import { type Load, type Measured, measure, percentile } from './measured-load.ts'
import { type MeasuredProcess, startMeasured } from './measured-process.ts'

const STEADY = ['udp', 'tcp'].map((transport) => ({
  transport,
  ratePerSecond: 500,
  messages: 7_500,
})) as Load[]
/** As fast as the machine goes: SIPp sends on as soon as one of so many is answered. */
const FULL = ['udp', 'tcp'].map((transport) => ({
  transport,
  ratePerSecond: 20_000,
  messages: 30_000,
  maximumOpen: 100,
})) as Load[]
/** Until the code is compiled and the heap has its size: the tail falls for most of a minute. */
const WARM_UP: Load = { transport: 'udp', ratePerSecond: 500, messages: 30_000 }
const OPEN = 10_000
const PHONE_DELAY_MS = 20_000
const SCENARIO = readFileSync(join(ROOT, 'test/interop/sip/message.xml'), 'utf8')
/** About: the scenario's placeholders are as long as what stands for them. */
const REQUEST_OCTETS = /CDATA\[\s*([\s\S]*?)\s*\]\]>/.exec(SCENARIO)?.[1]?.length ?? 0

function steadyFigures(
  { transport, ratePerSecond, messages }: Load,
  gateway: Measured,
  echo: Measured,
): Figure[] {
  const input = `SIPp over ${transport}, ${messages} at ${ratePerSecond}/s, warm`
  const name = 'an endpoint that answers at once'
  return [
    {
      what: 'gateway CPU a message',
      input,
      value: gateway.cpuMsPerMessage,
      unit: 'ms',
      baseline: { name, value: echo.cpuMsPerMessage },
    },
    ...([0.5, 0.95, 0.99] as const).map(
      (part): Figure => ({
        what: `response time, p${part * 100}`,
        input,
        value: percentile(gateway, part),
        unit: 'ms',
        baseline: { name, value: Math.max(1, percentile(echo, part)) },
        ...(part === 0.99 && { target: { atMost: 15 } }),
      }),
    ),
  ]
}

function fullFigures(
  { transport, messages, maximumOpen }: Load,
  gateway: Measured,
  echo: Measured,
): Figure[] {
  const input = `SIPp over ${transport}, ${messages}, ${maximumOpen} open`
  const name = 'an endpoint that answers at once'
  return [
    {
      what: 'messages',
      input,
      value: gateway.perSecond,
      unit: '/s',
      baseline: { name, value: echo.perSecond },
    },
    {
      what: 'gateway CPU a message',
      input,
      value: gateway.cpuMsPerMessage,
      unit: 'ms',
      baseline: { name, value: echo.cpuMsPerMessage },
      target: { atMost: 0.33 },
    },
  ]
}

/** Heap of the gateway per message while so many wait for their phones. */
async function openFigure(gateway: MeasuredProcess, port: number, lab: LabProcess): Promise<Figure> {
  const messages = Array.from({ length: OPEN }, (_, i) => ({
    to: `+${447701000000 + i}`,
    text: `open ${i}: a note of the usual length, 5 €`,
  }))
  await inSlices(messages, 50, ({ to }) => delayPhone(lab, to.slice(1)))
  const before = await gateway.heapOctets()
  const run = runSipp({
    target: `127.0.0.1:${port}`,
    transport: 'tcp',
    ratePerSecond: 1_000,
    messages,
    localPort: await freePort(),
  })
  await new Promise((resolve) => setTimeout(resolve, PHONE_DELAY_MS * 0.75))
  const octets = ((await gateway.heapOctets()) - before) / OPEN
  const { successful, responseTimesMs, output } = await run
  if (successful !== OPEN) throw new Error(`${successful} of ${OPEN} were answered 200\n${output}`)
  if ((responseTimesMs[0] ?? 0) < PHONE_DELAY_MS) throw new Error('a message was answered before its phone')
  return {
    what: 'heap of an open message',
    input: `${OPEN} open, phones that answer after ${PHONE_DELAY_MS / 1_000} s`,
    value: octets,
    unit: 'octets',
    baseline: { name: 'its SIP request', value: REQUEST_OCTETS },
    target: { atMost: 8_192 },
  }
}

async function delayPhone(lab: LabProcess, number: string): Promise<void> {
  const response = await fetch(`${lab.url}/lab/subscribers/${number}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ behaviour: 'reachable', delayMs: PHONE_DELAY_MS }),
  })
  if (!response.ok) throw new Error(`the lab refused a subscriber: ${await response.text()}`)
}

async function inSlices<T>(
  items: readonly T[],
  size: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  for (let i = 0; i < items.length; i += size) await Promise.all(items.slice(i, i + size).map(work))
}

/** The loads in turn against one process, the warm-up first. */
async function runAll(target: MeasuredProcess, port: number): Promise<Measured[]> {
  const results = [await measure(target, port, WARM_UP, 'warm-up')]
  for (const load of [...STEADY, ...FULL]) results.push(await measure(target, port, load, load.transport))
  return results
}

/** What a process that has just started gives, for whoever rolls out under load. */
function coldFigure({ transport, ratePerSecond, messages }: Load, gateway: Measured, echo: Measured): Figure {
  return {
    what: 'response time, p99',
    input: `SIPp over ${transport}, ${messages} at ${ratePerSecond}/s, just started`,
    value: percentile(gateway, 0.99),
    unit: 'ms',
    baseline: { name: 'an endpoint that answers at once', value: Math.max(1, percentile(echo, 0.99)) },
  }
}

async function measureEcho(): Promise<Measured[]> {
  const port = await freePort()
  const echo = await startMeasured('test/bench/echo.ts', [String(port)], undefined)
  try {
    return await runAll(echo, port)
  } finally {
    await echo.stop()
  }
}

async function withGateway<T>(lab: LabProcess, use: (gateway: MeasuredGateway) => Promise<T>): Promise<T> {
  const gateway = await startGateway(lab)
  try {
    return await use(gateway)
  } finally {
    await gateway.stop()
  }
}

const echo = await measureEcho()
const lab = await startLab()
try {
  const results = await withGateway(lab, ({ process, port }) => runAll(process, port))
  const figures = [WARM_UP, ...STEADY, ...FULL].flatMap((load, i) => {
    const [mine, base] = [results[i], echo[i]]
    if (mine === undefined || base === undefined) return []
    if (load === WARM_UP) return [coldFigure(load, mine, base)]
    return STEADY.includes(load) ? steadyFigures(load, mine, base) : fullFigures(load, mine, base)
  })
  // In a process of its own: what loads before left would be given back meanwhile, and be taken for the messages' room.
  const open = await withGateway(lab, async ({ process, port }) => {
    await measure(process, port, { ...(FULL[1] as Load), messages: 3_000 }, 'warm-up')
    return openFigure(process, port, lab)
  })
  report('standalone gateway with lab and SIPp on the same cores', [...figures, open])
} finally {
  await lab.stop()
}
