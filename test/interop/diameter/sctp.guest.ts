// Runs under a kernel with SCTP, where `sctp.test.ts` starts it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import {
  Application,
  DiameterNode,
  isSuccess,
  type NodeEvent,
  type PeerOptions,
  type SendResult,
  value,
} from '@ipsmgw/diameter'
import { Hss } from '../../lab/src/diameter/hss.ts'
import { RequestLog } from '../../lab/src/request-log.ts'
import { Subscribers } from '../../lab/src/subscribers.ts'
import { eventually } from '../../support/eventually.ts'
import { AGENT, Agent } from './agent.ts'

const REALM = 'lab.invalid'
const HSS = 'hss.lab.invalid'
const GATEWAY = 'gw.lab.invalid'
const [NEAR, NEAR_TOO] = ['10.98.1.1', '10.98.2.1']
const [FAR, FAR_TOO] = ['10.98.1.2', '10.98.2.2']
const AGENT_ADDRESSES = ['10.98.1.3', '10.98.2.3']
const AGENT_PORT = 3868
const MSISDN = '15550001042'
const IDENTITY = 'sip:alice@lab.invalid'
const BURST = 200

const ip = (...args: string[]) => execFileSync('ip', args)
const add = (address: string) => ip('addr', 'add', `${address}/32`, 'dev', 'lo')
const remove = (address: string) => ip('addr', 'del', `${address}/32`, 'dev', 'lo')
for (const it of [NEAR, NEAR_TOO, FAR, FAR_TOO, ...AGENT_ADDRESSES]) add(it)

const subscribers = new Subscribers(1_000, 'mme')
const log = new RequestLog(10_000)
subscribers.set(MSISDN, { behaviour: 'reachable', node: 'mme', identities: [IDENTITY] })

function hss(): Hss {
  const node = { identity: 'mme.lab.invalid', realm: REALM, number: '882990000001' }
  const nodes = { msc: node, mme: node, sgsn: node, router: node, ipSmGw: node }
  const at = { host: FAR, furtherHosts: [FAR_TOO], port: 0, transport: 'sctp' } as const
  return new Hss({ identity: HSS, realm: REALM, nodes, ...at }, { subscribers, log })
}

/** A gateway with one peer, and what happened to it. */
function gatewayTo(peer: PeerOptions) {
  const events: NodeEvent[] = []
  const node = new DiameterNode(
    {
      originHost: GATEWAY,
      originRealm: REALM,
      applications: [Application.SH, Application.S6C],
      peers: [{ transport: 'sctp', localAddresses: [NEAR, NEAR_TOO], realms: [REALM], ...peer }],
      timers: { watchdogMs: 1_000, watchdogJitterMs: 0, reconnectMs: 200, reconnectMaximumMs: 500 },
    },
    { onEvent: (event) => events.push(event) },
  )
  return { node, events }
}

type Gateway = ReturnType<typeof gatewayTo>

const happened = ({ events }: Gateway, kind: NodeEvent['kind']) =>
  eventually(() => events.find((it) => it.kind === kind), kind, 30_000)

const route = ({ node }: Gateway, msisdn = MSISDN): Promise<SendResult> =>
  node.send(
    'SRR',
    { 'Destination-Realm': REALM, MSISDN: msisdn, 'SC-Address': '15550009000' },
    { timeoutMs: 10_000, attemptMs: 5_000, failover: true },
  )

function assertRouted(outcome: SendResult): void {
  assert.ok(outcome.kind === 'answer', JSON.stringify(outcome))
  assert.ok(isSuccess(outcome.result), JSON.stringify(outcome.result))
  assert.equal(value(outcome.message, 'Serving-Node')?.['MME-Name'], 'mme.lab.invalid')
}

async function assertResolved({ node }: Gateway): Promise<void> {
  const outcome = await node.send(
    'UDR',
    {
      'Destination-Realm': REALM,
      'User-Identity': { 'Public-Identity': IDENTITY },
      'Data-Reference': [17],
    },
    { timeoutMs: 10_000, failover: true },
  )
  assert.ok(outcome.kind === 'answer' && isSuccess(outcome.result), JSON.stringify(outcome))
  assert.match(String(value(outcome.message, 'User-Data')), new RegExp(MSISDN))
}

/** Watchdog messages alone move both counters of a quiet peer. */
async function assertWatched({ node }: Gateway): Promise<void> {
  const before = node.peers()[0]?.received ?? 0
  await eventually(() => (node.peers()[0]?.received ?? 0) >= before + 2, 'two watchdog messages', 20_000)
  const { state, watchdog } = node.peers()[0] ?? {}
  assert.deepEqual({ state, watchdog }, { state: 'iOpen', watchdog: 'okay' })
}

describe('RFC 6733 §2.1: the lab HSS over one multi-homed association', () => {
  const home = hss()
  let gateway: Gateway
  before(async () => {
    await home.start()
    gateway = gatewayTo({ identity: HSS, host: FAR, furtherHosts: [FAR_TOO], port: home.port })
    await gateway.node.start()
    await happened(gateway, 'peerUp')
  })
  after(async () => {
    await gateway.node.stop()
    await home.stop()
  })

  test('capabilities, Sh and S6c: number of an identity, serving node of a number', async () => {
    await assertResolved(gateway)
    assertRouted(await route(gateway))
  })

  test('200 requests at once: each is answered, whatever stream it took', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: BURST }, (_, i) => route(gateway, String(15_550_100_000 + i))),
    )
    for (const outcome of outcomes) assertRouted(outcome)
    assert.equal(log.entries().filter(({ command }) => command === 'SRR').length, BURST + 1)
  })

  test('RFC 3539 §3.4.1: the quiet association is kept by watchdogs', () => assertWatched(gateway))

  test('RFC 9260 §8.2: the primary path is lost, and no request with it', async () => {
    remove(FAR)
    remove(NEAR)
    assertRouted(await route(gateway))
    await assertResolved(gateway)
    assert.deepEqual(
      gateway.events.filter(({ kind }) => kind === 'peerDown'),
      [],
    )
    add(FAR)
    add(NEAR)
  })

  test('RFC 9260 §8.1: all paths are lost: nobody is told a lie, and the association comes back', async () => {
    for (const it of [FAR, FAR_TOO, NEAR, NEAR_TOO]) remove(it)
    const outcome = await gateway.node.send(
      'SRR',
      { 'Destination-Realm': REALM, MSISDN },
      { timeoutMs: 2_000 },
    )
    assert.equal(outcome.kind, 'no-answer', JSON.stringify(outcome))
    await happened(gateway, 'peerDown')
    const none = await gateway.node.send('SRR', { 'Destination-Realm': REALM, MSISDN }, { timeoutMs: 500 })
    assert.deepEqual(none, { kind: 'not-sent', reason: 'no-peer' })
    gateway.events.length = 0
    for (const it of [FAR, FAR_TOO, NEAR, NEAR_TOO]) add(it)
    await happened(gateway, 'peerUp')
    assertRouted(await route(gateway))
  })
})

describe('RFC 6733 §2.8: freeDiameter as agent, SCTP on both its sides', () => {
  const home = hss()
  let agent: Agent
  let gateway: Gateway
  before(async () => {
    await home.start()
    const behind = [{ identity: HSS, host: FAR, port: home.port }]
    agent = new Agent(AGENT_PORT, behind, { sctpAddresses: AGENT_ADDRESSES })
    await agent.start()
    const [host = '', further = ''] = AGENT_ADDRESSES
    gateway = gatewayTo({ identity: AGENT, host, furtherHosts: [further], port: AGENT_PORT })
    await gateway.node.start()
    await happened(gateway, 'peerUp')
    await eventually(() => home.connected, 'the agent is connected to the HSS', 30_000)
  })
  after(async () => {
    await gateway?.node.stop()
    await home.stop()
    await agent?.stop()
  })

  test('it takes our messages on every stream and payload protocol 46, and its own are read', async () => {
    await assertResolved(gateway)
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, i) => route(gateway, String(15_550_200_000 + i))),
    )
    for (const outcome of outcomes) assertRouted(outcome)
    await assertWatched(gateway)
  })

  test('RFC 6733 §5.4: it disconnects when we go, and takes us back', async () => {
    await gateway.node.stop()
    gateway = gatewayTo({ identity: AGENT, host: AGENT_ADDRESSES[1] ?? '', port: AGENT_PORT })
    await gateway.node.start()
    await happened(gateway, 'peerUp')
    assertRouted(await route(gateway))
  })
})
