import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { Application, DiameterNode, ResultCode, result } from '@ipsmgw/diameter'
import { servePushes } from './push-handler.ts'
import { ShClient } from './sh-client.ts'
import { Users } from './users.ts'

const REALM = 'epc.example'
const GATEWAY = 'gw.ims.example'
const ALICE = { publicIdentity: 'sip:alice@ims.example' }
const DATA = Buffer.from(
  '<Sh-Data><PublicIdentifiers><MSISDN>15550001042</MSISDN></PublicIdentifiers></Sh-Data>',
)

/** An HSS on a port of its own, which notes what it is asked. */
async function hss(t: TestContext, identity: string, answers: boolean) {
  const asked: string[] = []
  const node = new DiameterNode({
    originHost: identity,
    originRealm: REALM,
    applications: [Application.SH],
    listeners: [{ host: '127.0.0.1', port: 0 }],
    unknownPeers: 'accept',
  })
  node.handle('UDR', () => {
    asked.push('UDR')
    return answers ? { ...result(ResultCode.SUCCESS), 'User-Data': DATA } : undefined
  })
  node.handle('SNR', ({ fields }) => {
    asked.push(`SNR ${fields['Destination-Host']}`)
    return result(ResultCode.SUCCESS)
  })
  await node.start()
  t.after(() => node.stop())
  return { identity, node, asked, port: node.addresses()[0]?.port ?? 0 }
}

describe('Sh with two HSSs behind one realm', () => {
  test('RFC 6733 §5.5.4: one is silent, the other answers, is subscribed to, and what it pushes is believed', async (t) => {
    const silent = await hss(t, 'hss1.epc.example', false)
    const other = await hss(t, 'hss2.epc.example', true)
    const up = Promise.withResolvers<void>()
    let peersUp = 0
    const gateway = new DiameterNode(
      {
        originHost: GATEWAY,
        originRealm: 'ims.example',
        applications: [Application.SH],
        peers: [silent, other].map(({ identity, port }, priority) => ({
          ...{ identity, host: '127.0.0.1', port, realms: [REALM], priority },
        })),
      },
      {
        onEvent: ({ kind }) => {
          if (kind === 'peerUp' && ++peersUp === 2) up.resolve()
        },
      },
    )
    t.after(() => gateway.stop())
    const facts: string[] = []
    const subscribed = Promise.withResolvers<void>()
    const options = { hssRealm: REALM, attemptMs: 100, budgetMs: 2_000, imsi: false, userState: false }
    const users = new Users(
      { maximumEntries: 10, ttlMs: 60_000, negativeTtlMs: 1_000, subscriptionMs: 3_600_000 },
      {
        sh: new ShClient(gateway, options),
        now: Date.now,
        report: {
          looked: (lookup) => facts.push(lookup),
          dropped: (reason) => facts.push(reason),
          subscribed(outcome) {
            facts.push(outcome)
            subscribed.resolve()
          },
        },
      },
    )
    servePushes(gateway, users, (verdict) => facts.push(verdict))
    await gateway.start()
    await up.promise

    const answer = await users.lookup(ALICE, 2_000)
    assert.deepEqual(answer, { kind: 'user', user: { number: '+15550001042', host: other.identity } })
    await subscribed.promise
    assert.deepEqual(silent.asked, ['UDR'])
    assert.deepEqual(other.asked, ['UDR', `SNR ${other.identity}`])

    const push = await other.node.send(
      'PNR',
      {
        'Destination-Host': GATEWAY,
        'Destination-Realm': 'ims.example',
        'User-Identity': { 'Public-Identity': ALICE.publicIdentity },
        'User-Data': DATA,
      },
      { timeoutMs: 2_000 },
    )
    assert.equal(push.kind === 'answer' && push.result.code, ResultCode.SUCCESS)
    assert.equal(users.size, 0)
    assert.deepEqual(facts, ['miss', 'subscribed', 'pushed', 'forgotten'])
  })
})
