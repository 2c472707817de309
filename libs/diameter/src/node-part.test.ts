import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { createLogger, createRegistry } from '@ipsmgw/telemetry'
import { Application } from './dictionary/applications.ts'
import { createDiameterPart } from './node-part.ts'
import type { DiameterSettings } from './settings.ts'
import { serverNode } from './testing/nodes.ts'

const HSS = 'hss.ims.example'

/** The replica with this ordinal, once it has told a HSS who it is; `heard` are the identities there. */
async function replica(t: TestContext, originHost: string, ordinal: number) {
  const hss = serverNode(HSS)
  await hss.node.start()
  t.after(() => hss.node.stop())
  const settings: DiameterSettings = {
    originHost,
    originRealm: 'ims.example',
    peers: [{ identity: HSS, host: '127.0.0.1', port: hss.port, realms: ['ims.example'], priority: 1 }],
    peersFile: '',
    watchdogMs: 6_000,
    overloadControl: false,
    maximumPendingPerPeer: 10,
  }
  const telemetry = {
    registry: createRegistry('test', 'test'),
    logger: createLogger({ service: 'test', level: 'silent' }),
  }
  const part = createDiameterPart(settings, { ordinal, applications: [Application.S6C] }, telemetry)
  assert.equal(part.missing?.(), 'no Diameter peer has answered yet')
  await part.start?.()
  t.after(() => part.stop?.())
  await hss.event('peerUp')
  return { part, heard: hss.node.peers().map(({ identity }) => identity) }
}

describe('RFC 6733 §6.3: one stable Origin-Host per replica', () => {
  test('{ordinal} is the replica’s, in the capabilities exchange and for whoever asks the part', async (t) => {
    for (const ordinal of [0, 7]) {
      const { part, heard } = await replica(t, 'gw-{ordinal}.site-{ordinal}.ims.example', ordinal)
      const expected = `gw-${ordinal}.site-${ordinal}.ims.example`
      assert.equal(part.originHost, expected)
      assert.deepEqual(heard, [expected])
    }
  })

  test('the same ordinal has the same identity after a restart', async (t) => {
    const names = [
      await replica(t, 'gw-{ordinal}.ims.example', 3),
      await replica(t, 'gw-{ordinal}.ims.example', 3),
    ]
    assert.deepEqual(
      names.map(({ heard }) => heard),
      [['gw-3.ims.example'], ['gw-3.ims.example']],
    )
  })

  test('without it all replicas have one, which is for a single replica', async (t) => {
    assert.deepEqual((await replica(t, 'gw.ims.example', 1)).heard, ['gw.ims.example'])
  })
})
