import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { value } from '@ipsmgw/diameter'
import type { SubscriberSetting } from '@ipsmgw/test/lab'
import { eventually } from '../support/eventually.ts'
import { stage } from './stage.ts'

describe('routing.protocols: [sh]', () => {
  test('whom an HSS knows is routed over S6c there, whom none knows over MAP', async (t) => {
    const it = await stage(t, { routing: { protocols: ['sh'] } })
    const modern = it.person()
    const legacy = it.person({ known: false })
    for (const { msisdn } of [modern, legacy])
      assert.equal((await it.sender.send({ to: msisdn })).status, 200)
    assert.deepEqual(it.asked(modern), ['UDR', 'SRR'])
    assert.deepEqual(it.asked(legacy), ['UDR', 'sendRoutingInfoForSM'])
    assert.deepEqual([it.texts(modern), it.texts(legacy)], [['Hello'], ['Hello']])
    assert.equal((await it.sender.send({ to: legacy.uri })).status, 404)
  })

  test('an HSS that says nothing is no HSS that says no: 480, and no HLR is asked', async (t) => {
    const it = await stage(t, { routing: { protocols: ['sh'] } })
    const bob = it.person({}, { behaviour: 'silent', at: 'hss' })
    const answer = await it.sender.send({ to: bob.msisdn })
    assert.deepEqual([answer.status, await it.causeOf(answer)], [480, 'serviceDataUnavailable'])
    assert.deepEqual([...new Set(it.asked(bob))], ['UDR'])
  })
})

describe('TS 23.204 §6.13 step 8: a phone that takes SMS over IMS only', () => {
  for (const protocol of ['s6c', 'map'])
    test(`${protocol}: 480 with a sentence of its own, a cause and a counter, and nothing is forwarded`, async (t) => {
      const it = await stage(t, { routing: { protocols: [protocol] } })
      const bob = it.person({}, { overIms: true })
      const answer = await it.sender.send({ to: bob.msisdn })
      assert.equal(answer.status, 480)
      assert.match(answer.header('reason') ?? '', /cause=88;text="the phone takes SMS over IMS only"/)
      assert.equal(await it.causeOf(answer), 'smsOverImsOnly')
      assert.deepEqual(it.gateway.lab.nodesLog.entries(), [])
      const metrics = await (await fetch(it.gateway.url('/metrics'))).text()
      assert.match(metrics, /ipsmgw_routing_failures_total\{[^}]*cause="smsOverImsOnly"[^}]*\} 1\n/)
    })
})

describe('TS 29.338 §5.2.1: an absence that the HSS answers the routing with', () => {
  const absent = { behaviour: 'absent', at: 'hss' } as const
  const rows: readonly [what: string, setting: Partial<SubscriberSetting>, routing: object, told: boolean][] =
    [
      ['noted there', absent, { singleAttempt: false }, false],
      ['not noted there (MWD-Status bit 0)', { ...absent, notNoted: true }, { singleAttempt: false }, true],
      ['not noted, and nothing is to be kept', { ...absent, notNoted: true }, {}, false],
    ]
  for (const [what, setting, routing, told] of rows)
    test(`${what}: ${told ? 'an RDR' : 'no RDR'}`, async (t) => {
      const it = await stage(t, { routing })
      const bob = it.person({}, setting)
      assert.equal((await it.sender.send({ to: bob.msisdn })).status, 480)
      // A later report of another phone shows that one of this phone would have come.
      const carol = it.person({}, { waiting: true })
      assert.equal((await it.sender.send({ to: carol.msisdn })).status, 200)
      await eventually(() => it.asked(carol).includes('RDR'), 'the report for another phone')
      assert.deepEqual(it.asked(bob), told ? ['SRR', 'RDR'] : ['SRR'])
      if (!told) return
      const outcome = value(it.request(bob, 'RDR'), 'SM-Delivery-Outcome')
      assert.deepEqual(outcome?.['MME-SM-Delivery-Outcome'], {
        'SM-Delivery-Cause': 1,
        'Absent-User-Diagnostic-SM': 1,
      })
    })
})
