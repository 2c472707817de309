import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { createLogger } from '@ipsmgw/telemetry'
import { ResultCode } from './dictionary/results.ts'
import { loadPeers, PeersFile } from './peers-file.ts'
import { result } from './results.ts'
import { peerAt, REALM, serverNode, TestNode } from './testing/nodes.ts'
import type { PeerOptions } from './types.ts'

const ONE = 'hss1.ims.example'
const OTHER = 'hss2.ims.example'
const SRR = { 'Destination-Realm': REALM, MSISDN: '15550001042' }
const SECOND = { timeoutMs: 1_000 } as const

async function server(t: TestContext, identity: string): Promise<TestNode> {
  const it = serverNode(identity)
  it.node.handle('SRR', () => result(ResultCode.SUCCESS))
  await it.node.start()
  t.after(() => it.node.stop())
  return it
}

async function gateway(t: TestContext, peers: readonly PeerOptions[]): Promise<TestNode> {
  const gw = new TestNode({ peers })
  await gw.node.start()
  t.after(() => gw.node.stop())
  await gw.event('peerUp')
  return gw
}

describe('peers without a restart', () => {
  test('a new one is connected, one that did not change keeps its connection', async (t) => {
    const [one, other] = [await server(t, ONE), await server(t, OTHER)]
    const gw = await gateway(t, [peerAt(ONE, one.port)])
    const since = gw.node.peers()[0]?.since
    gw.node.setPeers([peerAt(ONE, one.port), peerAt(OTHER, other.port)])
    await gw.nextEvent('peerUp')
    assert.deepEqual(
      gw.node.peers().map(({ identity }) => identity),
      [ONE, OTHER],
    )
    assert.equal(gw.node.peers()[0]?.since, since)
  })

  test('one that is gone gets nothing new, ends what it has, and is disconnected', async (t) => {
    const [one, other] = [await server(t, ONE), await server(t, OTHER)]
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    const { promise: answer, resolve: release } = Promise.withResolvers<void>()
    one.node.handle('SRR', async () => {
      ask()
      await answer
      return result(ResultCode.SUCCESS)
    })
    const gw = await gateway(t, [peerAt(ONE, one.port)])
    const pending = gw.node.send('SRR', SRR, SECOND)
    await asked
    gw.node.setPeers([peerAt(OTHER, other.port)])
    await gw.nextEvent('peerUp')
    const outcome = await gw.node.send('SRR', SRR, SECOND)
    assert.equal(outcome.kind === 'answer' && outcome.peer, OTHER)
    const down = one.event('peerDown')
    release()
    const first = await pending
    assert.equal(first.kind === 'answer' && first.peer, ONE)
    await down
  })

  test('the document is read again; one that is wrong changes nothing', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-peers-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const settings = { peers: [], peersFile: join(folder, 'peers.yaml') }
    writeFileSync(settings.peersFile, `peers:\n  - identity: ${ONE}\n    host: 192.0.2.1\n`)
    assert.deepEqual(
      loadPeers(settings).map(({ identity, port }) => [identity, port]),
      [[ONE, 3868]],
    )
    const changes: string[][] = []
    const logger = createLogger({ service: 'test', level: 'silent' })
    const file = new PeersFile(settings, logger, (peers) =>
      changes.push(peers.map(({ identity }) => identity)),
    )
    writeFileSync(settings.peersFile, 'peers:\n  - identity: 7\n')
    file.reload()
    assert.deepEqual(changes, [])
    writeFileSync(settings.peersFile, `peers:\n  - identity: ${OTHER}\n    host: 192.0.2.2\n`)
    file.reload()
    assert.deepEqual(changes, [[OTHER]])
  })
})
