import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { values } from '@ipsmgw/diameter'
import { eventually } from '../support/eventually.ts'
import { grant, HIDDEN, type Sh, stage } from './stage.ts'

describe('TS 23.204 §6.13 step 7: authorisation by service data of the HSS', () => {
  const and = { authorisation: { homeData: { use: 'and' } } }

  test('and: allowed is delivered; barred, absent, unknown and unreadable are refused, each with its cause', async (t) => {
    const it = await stage(t, { policy: and })
    const rows: readonly [Sh, number, string][] = [
      [{ serviceData: grant('allowed') }, 200, 'delivered'],
      [{ serviceData: grant('barred') }, 403, 'notAuthorisedAtHome'],
      [{ serviceData: '<Other/>' }, 403, 'notAuthorisedAtHome'],
      [{}, 403, 'notAuthorisedAtHome'],
      [{ known: false }, 404, 'unknownSubscriber'],
      [{ result: { code: 4100 } }, 480, 'serviceDataUnavailable'],
      [{ result: { code: 5102 } }, 480, 'serviceDataRefused'],
    ]
    for (const [sh, status, cause] of rows) {
      const bob = it.person(sh)
      const answer = await it.sender.send({ to: bob.msisdn })
      assert.deepEqual([answer.status, await it.causeOf(answer)], [status, cause], JSON.stringify(sh))
      assert.deepEqual(it.asked(bob), status === 200 ? ['UDR', 'SRR'] : ['UDR'])
      const isRefusal = cause === 'notAuthorisedAtHome'
      assert.equal(/"127 Service not authorised"/.test(answer.header('warning') ?? ''), isRefusal)
    }
  })

  test('and: a user who loses the service loses it with the push', async (t) => {
    const it = await stage(t, { policy: and, routing: { sh: { subscribe: true } } })
    const bob = it.person({ serviceData: grant('allowed') })
    assert.equal((await it.sender.send({ to: bob.msisdn })).status, 200)
    await eventually(() => it.asked(bob).includes('SNR'), 'the subscription')
    assert.deepEqual(values(it.request(bob, 'SNR'), 'Data-Reference'), [10, 0])
    it.change(bob, { serviceData: grant('barred') })
    await eventually(
      () => it.gateway.lab.hssLog.entries(bob.msisdn).some((r) => r.command === 'PNR' && r.result === 2001),
      'the push is answered',
    )
    assert.equal((await it.sender.send({ to: bob.msisdn })).status, 403)
  })

  test('or: the HSS allows whom the document does not list, and is not asked about others', async (t) => {
    const authorisation = { default: 'deny', allowedRecipients: ['+4479007'], homeData: { use: 'or' } }
    const it = await stage(t, { policy: { authorisation } })
    const listed = it.person()
    assert.equal((await it.sender.send({ to: listed.msisdn })).status, 200)
    assert.deepEqual(it.asked(listed), ['SRR'])
    const other = (msisdn: string, serviceData: string) => {
      it.gateway.set(msisdn, { behaviour: 'reachable', node: 'mme', sh: { serviceData } })
      return msisdn
    }
    assert.equal((await it.sender.send({ to: other('15550001042', grant('allowed')) })).status, 200)
    assert.equal((await it.sender.send({ to: other('15550001043', grant('barred')) })).status, 403)
  })

  test('absent data allow where the policy says so', async (t) => {
    const it = await stage(t, {
      policy: { authorisation: { homeData: { use: 'and', whenAbsent: 'allow' } } },
    })
    assert.equal((await it.sender.send({ to: it.person().msisdn })).status, 200)
    const barred = it.person({ serviceData: grant('barred') })
    assert.equal((await it.sender.send({ to: barred.msisdn })).status, 403)
  })

  test('a refused hidden sender: 433, and neither Sh nor S6c nor MAP is asked', async (t) => {
    const it = await stage(t, { policy: { ...and, anonymity: { mode: 'prohibit' } } })
    const bob = it.person({ serviceData: grant('allowed') })
    for (const to of [bob.msisdn, bob.uri])
      assert.equal((await it.sender.send({ to, ...HIDDEN })).status, 433)
    assert.deepEqual(it.gateway.lab.hssLog.entries(), [])
    assert.equal((await it.sender.send({ to: bob.uri })).status, 200)
  })
})
