import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { M3uaServer } from '@ipsmgw/m3ua'
import { internationalNumber, MapClient, type MapHandlers, MapServer } from '@ipsmgw/map'
import { SccpAddress, SccpEndpoint, Ssn } from '@ipsmgw/sccp'
import { Tcap } from '@ipsmgw/tcap'
import { createLogger, createRegistry } from '@ipsmgw/telemetry'
import Value from 'typebox/value'
import { createSigtranPart } from './part.ts'
import { pointCodeOf } from './point-code.ts'
import { type SigtranSettings, sigtranSchema } from './settings.ts'
import type { Stray, StrayPost } from './strays.ts'

const HOST = '127.0.0.1'
const MSC = '447700900030'
const STP = '1.2.1'
const TPDU = Buffer.from('040c9144770009406500006230102143654005c8329bfd06', 'hex')
const GATEWAYS = [
  { pointCode: '1.1.1', globalTitle: '447700900010', routingContext: 100 },
  { pointCode: '1.1.2', globalTitle: '447700900011', routingContext: 101 },
]

/** An STP with an MSC in it, on a TCP port of its own. Astray: it gives each replica what is for the other. */
async function stp(t: TestContext, handlers: MapHandlers, astray = false) {
  const server = new M3uaServer({
    listeners: [{ transport: 'tcp', host: HOST, port: 0 }],
    pointCodes: [pointCodeOf(STP)],
    networkIndicator: 2,
    applicationServers: GATEWAYS.map(({ pointCode, routingContext }) => ({
      pointCode: pointCodeOf(pointCode),
      routingContext,
    })),
  })
  const pointCodes = GATEWAYS.map(({ pointCode }) => pointCodeOf(pointCode))
  if (astray) pointCodes.reverse()
  const translations = GATEWAYS.map(({ globalTitle }, i) => ({
    prefix: globalTitle,
    destinations: pointCodes.slice(i, i + 1),
  }))
  const sccp = new SccpEndpoint({ pointCode: pointCodeOf(STP), routing: { translations } }, { mtp: server })
  const localAddress = SccpAddress.e164(MSC, Ssn.msc)
  const tcap = new Tcap({ localAddress }, { sccp, now: () => performance.now(), random32: () => 7 })
  tcap.bind(Ssn.msc, new MapServer({}, { handlers }))
  const [port = 0] = await server.start()
  t.after(async () => {
    tcap.close()
    sccp.close()
    await server.stop()
  })
  return { server, port, tcap }
}

function part(t: TestContext, port: number, ordinal: number, handlers: MapHandlers = {}, strays?: StrayPost) {
  const settings = Value.Default(sigtranSchema, {
    transport: 'tcp',
    links: [{ name: 'stp', hosts: [HOST], port }],
    instances: GATEWAYS,
    destinations: [STP],
  }) as SigtranSettings
  const registry = createRegistry('test', '0')
  const logger = createLogger({ service: 'test', level: 'silent' })
  const made = createSigtranPart(
    settings,
    { ordinal, handlers },
    { registry, logger, ...(strays && { strays }) },
  )
  t.after(() => made.stop?.())
  const metric = async (name: string) => {
    const text = await registry.metrics()
    return text.split('\n').find((line) => line.startsWith(name) && !line.endsWith(' 0'))
  }
  return { made, metric }
}

const ready = async ({ missing }: { missing?(): string | undefined }) => {
  while (missing?.() !== undefined) await new Promise((resolve) => setImmediate(resolve))
}

const target = {
  remote: SccpAddress.e164(MSC, Ssn.msc),
  imsi: '001010123456789',
  serviceCentreAddress: internationalNumber('447700900001'),
}

/** The way between replicas, in memory; what cannot be read is sent ahead of everything. */
function post() {
  const taking = new Map<number, (stray: Stray) => void>()
  return (ordinal: number): StrayPost => ({
    async send(to, stray) {
      taking.get(to)?.({ ...stray, called: 'ff' })
      taking.get(to)?.({ ...stray, atMs: 0 })
      taking.get(to)?.(stray)
    },
    async receive(take) {
      taking.set(ordinal, take)
      return { close: async () => void taking.delete(ordinal) }
    },
  })
}

test('design: an answer that the STP gives to the wrong replica reaches the dialogue it is for', async (t) => {
  const { port } = await stp(t, { mtForwardSM: () => ({ kind: 'result' }) }, true)
  const way = post()
  const [first, second] = [0, 1].map((ordinal) => part(t, port, ordinal, {}, way(ordinal)))
  assert.ok(first && second)
  await Promise.all([first.made.start?.(), second.made.start?.()])
  await Promise.all([ready(first.made), ready(second.made)])
  const outcome = await first.made.map.forward(target).forward({ tpdu: TPDU })
  assert.equal(outcome.kind, 'result')
  assert.match((await second.metric('ipsmgw_tcap_events_total')) ?? '', /kind="foreignTransaction".* 1$/)
})

for (const ordinal of [0, 1])
  test(`replica ${ordinal} is ready once its path is active, and forwards from its own address`, async (t) => {
    const callers: (string | undefined)[] = []
    const { port } = await stp(t, {
      mtForwardSM: (_argument, { calling }) => {
        callers.push(calling.globalTitle?.digits)
        return { kind: 'result' }
      },
    })
    const { made, metric } = part(t, port, ordinal)
    assert.match(made.missing?.() ?? '', /no signalling path/)
    await made.start?.()
    await ready(made)
    const outcome = await made.map.forward(target).forward({ tpdu: TPDU })
    assert.equal(outcome.kind, 'result')
    assert.deepEqual(callers, [GATEWAYS[ordinal]?.globalTitle])
    assert.equal(made.globalTitle, GATEWAYS[ordinal]?.globalTitle)
    assert.match((await metric('ipsmgw_sigtran_path_active')) ?? '', /path="stp".* 1$/)
    assert.match((await metric('ipsmgw_tcap_events_total')) ?? '', /kind="begun".* 1$/)
  })

test('RFC 4666 §4.3.4: a stop takes the path out of service before it closes, and open operations end', async (t) => {
  const began = Promise.withResolvers<void>()
  const { port, server } = await stp(t, {
    mtForwardSM: () => {
      began.resolve()
      return { kind: 'silence' }
    },
  })
  const { made, metric } = part(t, port, 0)
  await made.start?.()
  await ready(made)
  const outcome = made.map.forward(target).forward({ tpdu: TPDU })
  await began.promise
  assert.ok(server.active)
  await made.stop?.()
  assert.deepEqual(await outcome, { kind: 'unknown', reason: 'closed' })
  assert.equal(await metric('ipsmgw_sigtran_path_active'), undefined, 'not active any more')
  const late = await made.map.forward(target).forward({ tpdu: TPDU })
  assert.equal(late.kind, 'notExecuted')
})

test('what no handler is there for is refused, what there is a handler for is asked', async (t) => {
  const { port, tcap } = await stp(t, {})
  const asked: string[] = []
  const { made } = part(t, port, 0, {
    alertServiceCentre: ({ msisdn }) => {
      asked.push(msisdn.digits)
      return { kind: 'result' }
    },
  })
  await made.start?.()
  await ready(made)
  const hlr = new MapClient({}, { tcap, now: () => performance.now() })
  const remote = SccpAddress.e164('447700900010', Ssn.msc)
  const alert = {
    msisdn: internationalNumber('447700900123'),
    serviceCentreAddress: internationalNumber('447700900001'),
  }
  assert.equal((await hlr.alertServiceCentre({ remote }, alert)).kind, 'result')
  assert.deepEqual(asked, ['447700900123'])
  const forward = await hlr.forward({ ...target, remote }).forward({ tpdu: TPDU })
  assert.equal(forward.kind, 'rejected')
})
