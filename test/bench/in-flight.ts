/**
 * Slow phones: 100,000 messages are under way in all services at once, beside 1,000. What a message occupies in each
 * service while its phone has not answered, and what it costs; both must not depend on how many there are. Senders are
 * told 202 after a second, as a core with a short watchdog wants it, so that transactions end before phones answer.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startKafka } from '../../scripts/kafka.ts'
import { runSipp, type SippResult } from '../interop/sip/sipp.ts'
import { eventually } from '../support/eventually.ts'
import { freePort, ROOT } from '../support/processes.ts'
import { SettingsFolder, settingsFor, startLab } from '../support/separate-processes.ts'
import { type Figure, report } from './measure.ts'
import { type MeasuredProcess, startMeasured } from './measured-process.ts'

const FEW = 1_000
const MANY = Number(process.env.BENCH_IN_FLIGHT ?? 100_000)
const RATE_PER_SECOND = Number(process.env.BENCH_RATE ?? 400)
/** Messages over which the cost of a few in flight is measured, and the answers to many. */
const MEASURED = RATE_PER_SECOND * 20
const MEMORY_RATIO = 1.25
const CPU_RATIO = 1.25
const EARLY_MS = 1_000
const FIRST_NUMBER = 447710000000
const LONG_MS = 900_000

type Service = 'correlation' | 'sm-delivery' | 'hss-routing' | 'im-to-sms' | 'sip-ingress'
type Sums = Readonly<Record<Service, number>>

const kafka = await startKafka({ out: process.stderr })
const lab = await startLab()
const folder = new SettingsFolder()
const sipPort = await freePort()
const services = new Map<Service, MeasuredProcess & { readonly url: string }>()
let numbers = FIRST_NUMBER

try {
  for (const [service, settings] of Object.entries(settingsOfServices())) await start(service, settings)
  await send(phones(RATE_PER_SECOND * 10), 0)
  const few = await measureFew()
  const many = await measureMany()
  report(`Slow phones: ${MANY} messages under way beside ${FEW}`, [...memory(few, many), ...cpu(few, many)])
} finally {
  await Promise.all([...services.values()].map((service) => service.stop()))
  await lab.stop()
  await kafka.stop()
  folder.remove()
}

interface Measurement {
  /** Heap and buffers per message under way, octets. */
  readonly octets: Sums
  /** From its request to the answer of its phone and what follows, milliseconds. */
  readonly cpuMs: Sums
}

/** The rate keeps so many under way; memory by the difference to none. */
async function measureFew(): Promise<Measurement> {
  await settled()
  const before = await each((service) => service.heapOctets())
  const cpuBefore = await each((service) => service.cpuMs())
  const phoneMs = (FEW / RATE_PER_SECOND) * 1_000
  const sending = send(phones(MEASURED), Math.max(phoneMs, EARLY_MS * 2))
  await sending
  await settled()
  const cpuMs = quotient(difference(await each((it) => it.cpuMs()), cpuBefore), MEASURED)
  // Held still to be weighed: as many as are meant, none of them answered.
  await send(phones(FEW), (FEW / RATE_PER_SECOND) * 1_000 + 10_000)
  const octets = quotient(difference(await each((it) => it.heapOctets()), before), FEW)
  await settled()
  return { octets, cpuMs }
}

async function measureMany(): Promise<Measurement> {
  const before = await each((service) => service.heapOctets())
  const sendingMs = (MANY / RATE_PER_SECOND) * 1_000
  const all = phones(MANY)
  await setPhones(all, sendingMs * 1.15 + 15_000)
  const cpuBefore = await each((service) => service.cpuMs())
  await request(all)
  const cpuSent = difference(await each((service) => service.cpuMs()), cpuBefore)
  const octets = quotient(difference(await each((service) => service.heapOctets()), before), await inFlight())
  // Then the phones answer, as fast as they were asked.
  await eventually(async () => (await inFlight()) < MANY - 500, 'the first answers', LONG_MS)
  const [from, cpuFrom] = [await inFlight(), await each((service) => service.cpuMs())]
  await eventually(async () => (await inFlight()) < from - MEASURED, 'answers', LONG_MS)
  const answered = from - (await inFlight())
  const cpuAnswered = difference(await each((service) => service.cpuMs()), cpuFrom)
  return { octets, cpuMs: sum(quotient(cpuSent, MANY), quotient(cpuAnswered, answered)) }
}

function settingsOfServices(): Record<Service, object> {
  const { sip, diameter, routing, sigtran } = settingsFor(lab)
  const hashFile = join(folder.path, 'hash-key')
  writeFileSync(hashFile, randomBytes(32).toString('hex'))
  const keys = { hashFile }
  const common = { brokers: kafka.brokers.split(','), createTopics: true, replicationFactor: 1 }
  const node = (name: string) => ({ ...diameter, originHost: `${name}.${diameter.originRealm}` })
  const room = MANY * 2
  const peers = sip.peers.map((peer) => ({ ...peer, earlyAnswerMs: EARLY_MS }))
  return {
    correlation: { kafka: common, correlation: { keepDecidedMs: LONG_MS } },
    'sm-delivery': {
      kafka: common,
      diameter: { ...node('sm-delivery'), maximumPendingPerPeer: room },
      sigtran,
      routing: { serviceCentre: routing.serviceCentre },
      delivery: {
        maximumInFlight: room,
        maximumInFlightPerNode: room,
        breakerUnanswered: room,
        smDeliveryTimerSeconds: 600,
        mapTimerSeconds: 600,
        seenWindowMs: LONG_MS,
      },
    },
    'hss-routing': { kafka: common, diameter: node('hss-routing'), routing, keys },
    'im-to-sms': { kafka: common, keys },
    'sip-ingress': { kafka: common, keys, sip: { ...sip, peers, port: sipPort, maximumLagMs: 60_000 } },
  }
}

async function start(service: string, settings: object): Promise<void> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const file = folder.write(service, { ...settings, http: { port } })
  const measured = await startMeasured(`services/${service}/src/main.ts`, ['--config', file], url)
  services.set(service as Service, { ...measured, url })
}

/** Numbers that nobody had before. */
function phones(count: number): string[] {
  numbers += count
  return Array.from({ length: count }, (_, i) => String(numbers - count + i))
}

async function setPhones(all: readonly string[], delayMs: number): Promise<void> {
  const body = JSON.stringify({ behaviour: 'reachable', node: 'mme', delayMs: Math.round(delayMs) })
  const headers = { 'content-type': 'application/json' }
  for (let i = 0; i < all.length; i += 100)
    await Promise.all(
      all.slice(i, i + 100).map(async (number) => {
        const answer = await fetch(`${lab.url}/lab/subscribers/${number}`, { method: 'PUT', headers, body })
        await answer.arrayBuffer()
        if (!answer.ok) throw new Error(`the lab refused a subscriber: ${answer.status}`)
      }),
    )
}

async function send(all: readonly string[], phoneMs: number): Promise<void> {
  await setPhones(all, phoneMs)
  await request(all)
}

/** Resolves when every sender has been told; throws unless that is the 202 (phones in time: 200). */
async function request(all: readonly string[]): Promise<SippResult> {
  const scenario = join(folder.path, 'message.xml')
  const usual = readFileSync(join(ROOT, 'test/interop/sip/message.xml'), 'utf8')
  const either =
    '<recv response="202" optional="true" next="1"/>\n  <recv response="200" rtd="true"/>\n  <label id="1"/>'
  writeFileSync(scenario, usual.replace('<recv response="200" rtd="true"/>', either))
  const result = await runSipp({
    target: `127.0.0.1:${sipPort}`,
    transport: 'tcp',
    ratePerSecond: RATE_PER_SECOND,
    messages: all.map((number) => ({
      to: `+${number}`,
      text: `slow ${number}: a note of the usual length, 5 €`,
    })),
    localPort: await freePort(),
    scenario,
  })
  if (result.successful !== all.length)
    throw new Error(`${result.successful} of ${all.length} were told 200 or 202\n${result.output}`)
  return result
}

/** Messages that sm-delivery has and that are not done. */
async function inFlight(): Promise<number> {
  const url = services.get('sm-delivery')?.url
  const metrics = await (await fetch(`${url}/metrics`)).text()
  return Number(/^ipsmgw_bus_in_flight(?:\{[^}]*\})? (\d+)/m.exec(metrics)?.[1])
}

async function settled(): Promise<void> {
  await eventually(async () => (await inFlight()) === 0, 'nothing under way', LONG_MS)
  await delay(2_000)
}

async function each(ask: (service: MeasuredProcess) => Promise<number>): Promise<Sums> {
  const entries = await Promise.all([...services].map(async ([name, it]) => [name, await ask(it)] as const))
  return Object.fromEntries(entries) as Record<Service, number>
}

function combine(a: Sums, of: (value: number, service: Service) => number): Sums {
  return Object.fromEntries(
    Object.entries(a).map(([service, value]) => [service, of(value, service as Service)]),
  ) as Record<Service, number>
}
function difference(a: Sums, b: Sums): Sums {
  return combine(a, (value, service) => value - b[service])
}
function sum(a: Sums, b: Sums): Sums {
  return combine(a, (value, service) => value + b[service])
}
function quotient(a: Sums, by: number): Sums {
  return combine(a, (value) => value / by)
}

/** A thousand messages are lost in the noise of a heap; so the ratio is that of all services together. */
function memory(few: Measurement, many: Measurement): Figure[] {
  return figuresOf('memory a message', 'octets', few.octets, many.octets, MEMORY_RATIO)
}
function cpu(few: Measurement, many: Measurement): Figure[] {
  return figuresOf('CPU a message', 'ms', few.cpuMs, many.cpuMs, CPU_RATIO)
}
function figuresOf(what: string, unit: string, few: Sums, many: Sums, ratioAtMost: number): Figure[] {
  const input = `${MANY} under way, ${RATE_PER_SECOND}/s`
  const name = `${FEW} under way`
  const total = (sums: Sums) => Object.values(sums).reduce((all, value) => all + value, 0)
  return [
    ...Object.entries(many).map(([service, value]) => ({
      what: `${service}, ${what}`,
      input,
      value,
      unit,
      baseline: { name, value: few[service as Service] },
    })),
    {
      what: `all services, ${what}`,
      input,
      value: total(many),
      unit,
      baseline: { name, value: total(few) },
      target: { ratioAtMost },
    },
  ]
}
