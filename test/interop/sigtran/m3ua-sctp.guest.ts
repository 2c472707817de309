// Runs under a kernel with SCTP, where `m3ua-sctp.test.ts` starts it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { M3uaEndpoint, type M3uaEvent, type PathOptions, TrafficMode } from '@ipsmgw/m3ua'
import { m3uaConfig, type OsmoStp, startOsmoStp } from '../../support/osmo-stp.ts'
import {
  bothWaysInOrder,
  type Exchange,
  everyLengthArrives,
  GATEWAY_POINT_CODE,
  MSC_POINT_CODE,
  outageLosesNothingSilently,
  reaches,
  User,
  unknownSubsystemReturns,
} from './exchange.ts'

const PORT = 2905
const CLIENT_PORTS = [2911, 2912]
const ROUTING_CONTEXT = 100
const timers = { reconnectMs: 50, longestReconnectMs: 500 }

let stp: OsmoStp
let exchange: Exchange
const endpoints: M3uaEndpoint[] = []
const events: M3uaEvent[] = []

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

before(async () => {
  const node = { name: 'gateway', pointCode: '1.1.1', routingContext: ROUTING_CONTEXT }
  stp = await startOsmoStp(m3uaConfig(PORT, [{ ...node, clientPorts: CLIENT_PORTS }]))
  const gateway = new M3uaEndpoint(
    {
      paths: CLIENT_PORTS.map((localPort) => path(`gateway-${localPort}`, localPort)),
      applicationServers: [{ pointCode: GATEWAY_POINT_CODE, routingContext: ROUTING_CONTEXT }],
      networkIndicator: 2,
      timers,
    },
    { onEvent: (event) => events.push(event) },
  )
  const msc = new M3uaEndpoint({
    paths: [path('msc')],
    applicationServers: [{ pointCode: MSC_POINT_CODE, trafficMode: TrafficMode.loadshare, register: true }],
    networkIndicator: 2,
    timers,
  })
  exchange = {
    gateway: new User(start(gateway), GATEWAY_POINT_CODE, MSC_POINT_CODE),
    msc: new User(start(msc), MSC_POINT_CODE, GATEWAY_POINT_CODE),
  }
  await Promise.all(endpoints.map((it) => reaches(it, 'up')))
})

after(async () => {
  await Promise.all(endpoints.map((it) => it.stop()))
  await stp?.close()
})

test('RFC 4666 §4.3.4.3: two associations of one AS are active, the other AS registered its key', () => {
  assert.ok(exchange.gateway.mtp.active && exchange.msc.mtp.active)
})
test('Q.714 §4.1: UDT and XUDT of every length cross the STP over SCTP', () => everyLengthArrives(exchange))
test('Q.714 §4.1.1: one sequence control keeps the order both ways over SCTP', () =>
  bothWaysInOrder(exchange))
test('Q.714 §4.2: an unknown subsystem behind the STP returns the message', () =>
  unknownSubsystemReturns(exchange))
test('an STP that stops and starts: all associations come back, nothing is doubled or silently lost', (context) =>
  outageLosesNothingSilently(exchange, stp, context))
test('RFC 4666 §3.8.1: the STP refused nothing', () => {
  assert.deepEqual(
    events.filter(({ kind }) => kind === 'errorReceived' || kind === 'malformed' || kind === 'refused'),
    [],
  )
})
