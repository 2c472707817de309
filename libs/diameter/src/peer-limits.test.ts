import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { createLogger, createRegistry } from '@ipsmgw/telemetry'
import { ResultCode } from './dictionary/results.ts'
import { createNodeReport } from './node-report.ts'
import { RequestRate } from './request-rate.ts'
import { result } from './results.ts'
import { peerAt, REALM, serverNode, TestNode } from './testing/nodes.ts'
import type { PeerOptions, SendResult } from './types.ts'

const ONE = 'hss1.ims.example'
const OTHER = 'hss2.ims.example'
const SRR = { 'Destination-Realm': REALM, MSISDN: '15550001042' }
const NOW_MS = 1_700_000_000_000

/** Two HSSs that answer at once, or never; the first is asked first and has the bounds. */
async function installation(t: TestContext, bounds: Partial<PeerOptions>, answers = true) {
  const servers = [serverNode(ONE), serverNode(OTHER)] as const
  for (const { node } of servers) {
    node.handle('SRR', () => (answers ? result(ResultCode.SUCCESS) : undefined))
    await node.start()
    t.after(() => node.stop())
  }
  let nowMs = NOW_MS
  const [one, other] = servers
  const peers = [
    peerAt(ONE, one.port, { priority: 1, ...bounds }),
    peerAt(OTHER, other.port, { priority: 2 }),
  ]
  const gw = new TestNode({ peers }, { now: () => nowMs })
  await gw.node.start()
  t.after(() => gw.node.stop())
  while (gw.node.peers().some(({ state }) => state !== 'iOpen')) await gw.nextEvent('peerUp')
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { gw, pass }
}

const send = ({ node }: TestNode, timeoutMs = 1_000): Promise<SendResult> =>
  node.send('SRR', SRR, { timeoutMs })
const by = (outcome: SendResult) => (outcome.kind === 'answer' ? outcome.peer : JSON.stringify(outcome))

describe('bounds of one peer', () => {
  test('a peer gets so many requests in a second, the next peer of the realm gets the others', async (t) => {
    const { gw, pass } = await installation(t, { maximumPerSecond: 4 })
    const first = await Promise.all(Array.from({ length: 6 }, () => send(gw)))
    assert.deepEqual(first.map(by), [ONE, ONE, ONE, ONE, OTHER, OTHER])
    assert.equal(gw.events.filter(({ kind, peer }) => kind === 'rateLimited' && peer === ONE).length, 2)
    pass(500)
    const later = await Promise.all(Array.from({ length: 3 }, () => send(gw)))
    assert.deepEqual(later.map(by), [ONE, ONE, OTHER])
  })

  test('a full window of one peer sends the request to the next one', async (t) => {
    const { gw } = await installation(t, { maximumPending: 2 }, false)
    for (let i = 0; i < 5; i++) void send(gw)
    const pending = () => gw.node.peers().map((peer) => [peer.identity, peer.pending])
    assert.deepEqual(pending(), [
      [ONE, 2],
      [OTHER, 3],
    ])
    assert.equal(gw.events.filter(({ kind }) => kind === 'windowFull').length, 3)
  })

  test('without another peer the refusal says which bound it was, and nothing has left', async (t) => {
    const { gw } = await installation(t, { maximumPerSecond: 1 })
    gw.node.setPeers([gw.node.peers()[0] ?? assert.fail()].map(({ identity }) => peerAt(identity, 1)))
    assert.deepEqual(await send(gw), { kind: 'not-sent', reason: 'no-peer' })
    const server = serverNode(ONE)
    server.node.handle('SRR', () => result(ResultCode.SUCCESS))
    await server.node.start()
    t.after(() => server.node.stop())
    gw.node.setPeers([peerAt(ONE, server.port, { maximumPerSecond: 1 })])
    while (gw.node.peers().some(({ state }) => state !== 'iOpen')) await gw.nextEvent('peerUp')
    assert.equal(by(await send(gw)), ONE)
    assert.deepEqual(await send(gw), { kind: 'not-sent', reason: 'rate-limited' })
  })

  test('each refusal counts under its kind', async () => {
    const registry = createRegistry('test', 'test')
    const report = createNodeReport(registry, createLogger({ service: 'test', level: 'silent' }))
    report({ kind: 'rateLimited', peer: ONE })
    report({ kind: 'rateLimited', peer: ONE })
    report({ kind: 'windowFull', peer: ONE })
    const text = await registry.metrics()
    assert.match(text, /ipsmgw_diameter_events_total\{kind="rateLimited"[^}]*\} 2/)
    assert.match(text, /ipsmgw_diameter_events_total\{kind="windowFull"[^}]*\} 1/)
  })
})

describe('token bucket', () => {
  test('it holds a second’s worth and no more, however long nothing came', () => {
    const rate = new RequestRate(10)
    const taken = (nowMs: number) => {
      let count = 0
      while (rate.take(nowMs)) count++
      return count
    }
    assert.deepEqual([NOW_MS, NOW_MS + 100, NOW_MS + 350, NOW_MS + 60_000].map(taken), [10, 1, 2, 10])
  })

  test('a clock that is set back stops nothing for longer than a second', () => {
    const rate = new RequestRate(1)
    assert.ok(rate.take(NOW_MS))
    assert.equal(rate.take(NOW_MS - 3_600_000), false)
    assert.ok(rate.take(NOW_MS - 3_600_000 + 1_000))
  })
})
