import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { createRegistry } from '@ipsmgw/telemetry'
import { encodeAvps } from './codec.ts'
import { AVPS, type AvpName } from './dictionary/avps.ts'
import { OcReportType, RedirectHostUsage } from './dictionary/enumerations.ts'
import { ResultCode } from './dictionary/results.ts'
import { value } from './fields.ts'
import type { Avp } from './messages.ts'
import { createNodeGauges } from './node-report.ts'
import { result } from './results.ts'
import { peerAt, REALM, serverNode, TestNode } from './testing/nodes.ts'

const HSS = 'hss1.ims.example'
const OTHER = 'hss2.ims.example'
const SRR = { 'Destination-Realm': REALM, MSISDN: '15550001042', 'SC-Address': '15550009000' }
const QUERY = { timeoutMs: 2_000, failover: true } as const

async function server(t: TestContext, identity = HSS): Promise<TestNode> {
  const it = serverNode(identity)
  await it.node.start()
  t.after(() => it.node.stop())
  return it
}

/** A gateway with overload control, whose clock and luck are the test's. */
async function gateway(t: TestContext, servers: readonly (readonly [string, TestNode, string[]?])[]) {
  const state = { skewMs: 0, luck: 0.5 }
  const gw = new TestNode(
    {
      peers: servers.map(([identity, it, realms = [REALM]]) => peerAt(identity, it.port, { realms })),
      overloadControl: true,
    },
    { now: () => Date.now() + state.skewMs, random: () => state.luck },
  )
  await gw.node.start()
  t.after(() => gw.node.stop())
  while (gw.node.peers().some(({ state: it }) => it !== 'iOpen')) await gw.nextEvent('peerUp')
  return { gw, state }
}

/** An AVP that the grammar of the answer does not name. */
function avp(name: AvpName, data: Buffer, mandatory = false): Avp {
  return { code: AVPS[name].code, vendorId: 0, mandatory, data }
}

function u32(number: number): Buffer {
  const data = Buffer.alloc(4)
  data.writeUInt32BE(number)
  return data
}

function u64(number: bigint): Buffer {
  const data = Buffer.alloc(8)
  data.writeBigUInt64BE(number)
  return data
}

function overload(type: number, sequence: bigint, percent: number, seconds: number) {
  const members = [
    avp('OC-Sequence-Number', u64(sequence)),
    avp('OC-Report-Type', u32(type)),
    avp('OC-Reduction-Percentage', u32(percent)),
    avp('OC-Validity-Duration', u32(seconds)),
  ]
  return [avp('OC-OLR', encodeAvps(members))]
}

describe('RFC 7683: a server in overload is asked for less', () => {
  test('§5.2: the share that a realm asks to be spared is not sent, until the report ends', async (t) => {
    const hss = await server(t)
    let offered = false
    hss.node.handle('SRR', ({ message }) => {
      offered = value(message, 'OC-Supported-Features')?.['OC-Feature-Vector'] !== undefined
      return {
        ...result(ResultCode.SUCCESS),
        AVP: overload(OcReportType.REALM_REPORT, 1n, 60, 10),
      }
    })
    const { gw, state } = await gateway(t, [[HSS, hss]])
    assert.equal((await gw.node.send('SRR', SRR, QUERY)).kind, 'answer')
    assert.ok(offered, 'the request says that reports are understood')
    assert.equal(gw.node.overloadReports()[0]?.reductionPercent, 60)
    const registry = createRegistry('test', 'test')
    createNodeGauges(registry, gw.node)
    assert.match(
      await registry.metrics(),
      /ipsmgw_diameter_reduction_percent\{[^}]*application="S6C"[^}]*\} 60/,
    )
    assert.deepEqual(await gw.node.send('SRR', SRR, QUERY), { kind: 'not-sent', reason: 'abated' })
    const direct = { ...SRR, 'Destination-Host': HSS }
    assert.equal(
      (await gw.node.send('SRR', direct, QUERY)).kind,
      'answer',
      'a report of the realm is not one of the host',
    )
    state.luck = 0.7
    assert.equal((await gw.node.send('SRR', SRR, QUERY)).kind, 'answer', 'the others are sent')
    state.luck = 0.5
    state.skewMs = 11_000
    assert.equal((await gw.node.send('SRR', SRR, QUERY)).kind, 'answer', 'its validity is over')
  })

  test('§7.3: an older report changes nothing; one with no validity ends it', async (t) => {
    const hss = await server(t)
    const reports = [
      overload(OcReportType.HOST_REPORT, 5n, 40, 10),
      overload(OcReportType.HOST_REPORT, 4n, 90, 10),
      overload(OcReportType.HOST_REPORT, 6n, 40, 0),
    ]
    hss.node.handle('SRR', () => ({ ...result(ResultCode.SUCCESS), AVP: reports.shift() ?? [] }))
    const { gw } = await gateway(t, [[HSS, hss]])
    const percents: (number | undefined)[] = []
    for (let count = 0; count < 3; count++) {
      await gw.node.send('SRR', { ...SRR, 'Destination-Host': HSS }, QUERY)
      percents.push(gw.node.overloadReports()[0]?.reductionPercent)
    }
    assert.deepEqual(percents, [40, 40, undefined])
  })
})

describe('RFC 6733 §6.12: redirects', () => {
  async function redirected(t: TestContext, usage: number, seconds: number) {
    const agent = await server(t)
    const hss = await server(t, OTHER)
    const asked = { agent: 0, hss: 0 }
    agent.node.handle('SRR', () => {
      asked.agent++
      return {
        ...result(ResultCode.REDIRECT_INDICATION),
        AVP: [
          avp('Redirect-Host', Buffer.from(`aaa://${OTHER}:3868;transport=tcp`), true),
          avp('Redirect-Host-Usage', u32(usage), true),
          avp('Redirect-Max-Cache-Time', u32(seconds), true),
        ],
      }
    })
    hss.node.handle('SRR', ({ fields }) => {
      asked.hss++
      assert.equal(fields['Destination-Host'], OTHER)
      return result(ResultCode.SUCCESS)
    })
    // Only the agent is the way into the realm.
    const { gw } = await gateway(t, [
      [HSS, agent],
      [OTHER, hss, []],
    ])
    return { gw, asked }
  }

  test('the request is sent to the host that is named, and what is remembered spares the agent', async (t) => {
    const { gw, asked } = await redirected(t, RedirectHostUsage.ALL_USER, 60)
    for (let count = 0; count < 2; count++) {
      const outcome = await gw.node.send('SRR', SRR, QUERY)
      assert.equal(outcome.kind === 'answer' && outcome.result.code, ResultCode.SUCCESS)
    }
    assert.deepEqual(asked, { agent: 1, hss: 2 })
    await gw.node.send('SRR', { ...SRR, MSISDN: '15550001043' }, QUERY)
    assert.deepEqual(asked, { agent: 2, hss: 3 }, 'another user is another question')
  })

  test('what is not to be remembered is asked again', async (t) => {
    const { gw, asked } = await redirected(t, RedirectHostUsage.DONT_CACHE, 60)
    for (let count = 0; count < 2; count++) await gw.node.send('SRR', SRR, QUERY)
    assert.deepEqual(asked, { agent: 2, hss: 2 })
  })
})
