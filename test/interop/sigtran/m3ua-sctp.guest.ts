// Runs under a kernel with SCTP, where `m3ua-sctp.test.ts` starts it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import {
  type DestinationState,
  M3uaEndpoint,
  type M3uaEvent,
  type PathOptions,
  TrafficMode,
} from '@ipsmgw/m3ua'
import { ReturnCause } from '@ipsmgw/sccp'
import { connectTransport, type Transport } from '@ipsmgw/sctp'
import { m3uaConfig, type OsmoStp, startOsmoStp } from '../../support/osmo-stp.ts'
import {
  bothWaysInOrder,
  type Exchange,
  everyLengthArrives,
  GATEWAY,
  GATEWAY_POINT_CODE,
  MSC,
  MSC_POINT_CODE,
  outageLosesNothingSilently,
  reaches,
  User,
  unknownSubsystemReturns,
} from './exchange.ts'

const PORT = 2905
const CLIENT_PORTS = [2911, 2912]
const ROUTING_CONTEXT = 100
/** An application server in override mode. */
const STANDBY = { pointCode: 2059, routingContext: 102, clientPorts: [2913, 2914] }
const timers = { reconnectMs: 50, longestReconnectMs: 500 }

let stp: OsmoStp
let exchange: Exchange
const endpoints: M3uaEndpoint[] = []
const events: M3uaEvent[] = []
/** Associations of the gateway, the newest last. */
const associations: Transport[] = []
const changes = new EventTarget()

/** Waits until all associations of the gateway carry traffic. */
async function allPathsActive(): Promise<void> {
  const active = () => {
    const paths = new Set<string>()
    for (const it of events) {
      if (it.kind === 'active') paths.add(it.path)
      else if (it.kind === 'inactive') paths.delete(it.path)
    }
    return paths.size
  }
  while (active() < CLIENT_PORTS.length) await once(changes, 'change')
}

const path = (name: string, localPort?: number): PathOptions => ({
  name,
  transport: 'sctp',
  hosts: ['127.0.0.1'],
  port: PORT,
  ...(localPort !== undefined && { localAddresses: ['127.0.0.1'], localPort }),
})

function start(endpoint: M3uaEndpoint): M3uaEndpoint {
  endpoints.push(endpoint)
  endpoint.start()
  return endpoint
}

const makeMsc = () =>
  new M3uaEndpoint({
    paths: [path('msc')],
    applicationServers: [{ pointCode: MSC_POINT_CODE, trafficMode: TrafficMode.loadshare, register: true }],
    networkIndicator: 2,
    timers,
  })

before(async () => {
  const node = { name: 'gateway', pointCode: '1.1.1', routingContext: ROUTING_CONTEXT }
  const standby = { name: 'standby', pointCode: '1.1.3', routingContext: STANDBY.routingContext }
  stp = await startOsmoStp(
    m3uaConfig(PORT, [
      { ...node, clientPorts: CLIENT_PORTS },
      { ...standby, clientPorts: STANDBY.clientPorts, trafficMode: 'override' },
    ]),
  )
  const gateway = new M3uaEndpoint(
    {
      paths: CLIENT_PORTS.map((localPort) => path(`gateway-${localPort}`, localPort)),
      applicationServers: [{ pointCode: GATEWAY_POINT_CODE, routingContext: ROUTING_CONTEXT }],
      networkIndicator: 2,
      timers,
    },
    {
      onEvent: (event) => {
        events.push(event)
        changes.dispatchEvent(new Event('change'))
      },
      connect: async (to, signal) => {
        const association = await connectTransport(to, {}, signal)
        associations.push(association)
        return association
      },
    },
  )
  exchange = {
    gateway: new User(start(gateway), GATEWAY_POINT_CODE, MSC_POINT_CODE),
    msc: new User(start(makeMsc()), MSC_POINT_CODE, GATEWAY_POINT_CODE),
  }
  await Promise.all(endpoints.map((it) => reaches(it, 'up')))
})

after(async () => {
  await Promise.all(endpoints.map((it) => it.stop()))
  await stp?.close()
})

test('RFC 4666 §4.3.4.3: two associations of one AS are active, the other AS registered its key', async () => {
  await allPathsActive()
  assert.ok(exchange.msc.mtp.active)
})
test('Q.714 §4.1: UDT and XUDT of every length cross the STP over SCTP', () => everyLengthArrives(exchange))
test('Q.714 §4.1.1: one sequence control keeps the order both ways over SCTP', () =>
  bothWaysInOrder(exchange))
test('Q.714 §4.2: an unknown subsystem behind the STP returns the message', () =>
  unknownSubsystemReturns(exchange))
test('RFC 4666 §1.4.4: one association aborts under traffic: the other carries on, nothing is doubled', async () => {
  const { gateway, msc } = exchange
  await allPathsActive()
  msc.received.length = 0
  const count = 400
  for (let number = 0; number < count; number++) {
    const data = Buffer.alloc(50)
    data.writeUInt32BE(number)
    assert.ok(gateway.sccp.send({ called: MSC, calling: GATEWAY, data }).sent)
    if (number === count / 2) associations[0]?.destroy()
    if (number % 10 === 0) await setImmediate()
  }
  // The second half went out after the abort: all of it arrives.
  const late = () => msc.numbers().filter((number) => number > count / 2).length
  await msc.until(() => late() === count / 2 - 1)
  assert.equal(new Set(msc.numbers()).size, msc.received.length)
})
test('an STP that stops and starts: all associations come back, nothing is doubled or silently lost', (context) =>
  outageLosesNothingSilently(exchange, stp, context))
test('RFC 4666 §4.3.4.3: override: one association carries the traffic; when it breaks the other takes over', async () => {
  const { pointCode, routingContext, clientPorts } = STANDBY
  const pair = new Map<string, Transport>()
  const active = new Set<string>()
  const endpoint = new M3uaEndpoint(
    {
      paths: clientPorts.map((localPort) => path(`${localPort}`, localPort)),
      applicationServers: [{ pointCode, routingContext, trafficMode: TrafficMode.override }],
      networkIndicator: 2,
      timers: { ...timers, reconnectMs: 2_000 },
    },
    {
      onEvent: (event) => {
        if (event.kind === 'active') active.add(event.path)
        else if (event.kind === 'inactive') active.delete(event.path)
        changes.dispatchEvent(new Event('change'))
      },
      connect: async (to, signal) => {
        const association = await connectTransport(to, {}, signal)
        pair.set(String(to.localPort), association)
        return association
      },
    },
  )
  const user = new User(start(endpoint), pointCode, MSC_POINT_CODE)
  const arrives = async (count: number) => {
    const request = { called: MSC, calling: GATEWAY, data: Buffer.alloc(20), pointCode }
    while (!exchange.msc.sccp.send(request).sent) await setImmediate()
    await user.until(() => user.received.length === count)
  }
  const settled = async (without?: string) => {
    while (pair.size < 2 || active.size !== 1 || (without && active.has(without)))
      await once(changes, 'change')
    return [...active][0] ?? ''
  }
  const first = await settled()
  await arrives(1)
  pair.get(first)?.destroy()
  assert.notEqual(await settled(first), first)
  await arrives(2)
})
test('RFC 4666 §3.4.1, §3.4.2: the MSC leaves: refused at once after DUNA; it returns: DAVA, and it is reached', async () => {
  const { gateway, msc } = exchange
  const called = { called: MSC, calling: GATEWAY, data: Buffer.alloc(20), startsDialogue: true }
  const says = (availability: DestinationState['availability']) =>
    new Promise<void>((resolve) => {
      const end = gateway.mtp.onStatus((status) => {
        if (status.kind !== 'destination' || status.state.availability !== availability) return
        end()
        resolve()
      })
    })
  await allPathsActive()
  const unavailable = says('unavailable')
  await endpoints.find((it) => it === msc.mtp)?.stop()
  await unavailable
  // Each path hears for itself; the send is refused when both have.
  while (gateway.sccp.send(called).sent) await setImmediate()
  assert.deepEqual(gateway.sccp.send(called), {
    sent: false,
    reason: 'destinationUnavailable',
    returnCause: ReturnCause.mtpFailure,
  })
  const available = says('available')
  msc.sccp.close()
  exchange = { gateway, msc: new User(start(makeMsc()), MSC_POINT_CODE, GATEWAY_POINT_CODE) }
  await Promise.all([available, reaches(exchange.msc.mtp, 'up')])
  await everyLengthArrives(exchange)
})
test('RFC 4666 §3.8.1: the STP refused nothing', () => {
  assert.deepEqual(
    events.filter(({ kind }) => kind === 'errorReceived' || kind === 'malformed' || kind === 'refused'),
    [],
  )
})
