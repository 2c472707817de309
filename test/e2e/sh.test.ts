import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { value, values } from '@ipsmgw/diameter'
import { DiameterRelay } from '../support/diameter-relay.ts'
import { eventually } from '../support/eventually.ts'
import type { Answer } from './sender.ts'
import { stage } from './stage.ts'

describe('TS 29.328 §6.1: users over Sh', () => {
  test('the answer is kept: a second message asks for the way only', async (t) => {
    const it = await stage(t, {})
    const bob = it.person()
    for (const _ of [1, 2]) assert.equal((await it.sender.send({ to: bob.uri })).status, 200)
    assert.deepEqual(it.asked(bob), ['UDR', 'SRR', 'SRR'])
    assert.equal(value(it.request(bob, 'SRR'), 'Destination-Host'), 'hss.lab.invalid')
    const metrics = await (await fetch(it.gateway.url('/metrics'))).text()
    assert.match(metrics, /ipsmgw_routing_user_lookups_total\{result="hit"[^}]*\} 1\n/)
    assert.match(metrics, /ipsmgw_routing_users_kept[^\n]* 1\n/)
  })

  test('an unknown user: 404, and the HSS is not asked again at once', async (t) => {
    const it = await stage(t, {})
    const nobody = 'sip:nobody@ims.example'
    for (const _ of [1, 2]) assert.equal((await it.sender.send({ to: nobody })).status, 404)
    const queries = it.gateway.lab.hssLog.entries().filter(({ publicIdentity }) => publicIdentity === nobody)
    assert.equal(queries.length, 1)
  })

  test('with a subscription the HSS tells of a change, and the next message goes by what is so now', async (t) => {
    const it = await stage(t, { routing: { sh: { subscribe: true } } })
    const bob = it.person()
    assert.equal((await it.sender.send({ to: bob.uri })).status, 200)
    await eventually(() => it.asked(bob).includes('SNR'), 'the subscription')
    const snr = it.request(bob, 'SNR')
    assert.deepEqual(values(snr, 'Data-Reference'), [10])
    assert.deepEqual([value(snr, 'Subs-Req-Type'), value(snr, 'Send-Data-Indication')], [0, 1])
    // Another number now: the phone of before must not get what is meant for him.
    const carol = it.person()
    it.gateway.set(bob.msisdn, { behaviour: 'reachable', node: 'mme', identities: [] })
    it.gateway.set(carol.msisdn, { behaviour: 'reachable', node: 'mme', identities: [carol.uri, bob.uri] })
    const told = () => it.gateway.lab.hssLog.entries(bob.msisdn).find(({ command }) => command === 'PNR')
    await eventually(() => told()?.result === 2001, 'the push is answered')
    assert.equal((await it.sender.send({ to: bob.uri, text: 'to Carol' })).status, 200)
    assert.deepEqual([it.texts(bob), it.texts(carol)], [['Hello'], ['to Carol']])
  })

  test('a push about nobody is answered 5107, and the HSS ends the subscription', async (t) => {
    const it = await stage(t, { routing: { sh: { subscribe: true } } })
    const bob = it.person()
    await it.sender.send({ to: bob.uri })
    await eventually(() => it.asked(bob).includes('SNR'), 'the subscription')
    const pushes = () =>
      it.gateway.lab.hssLog
        .entries(bob.msisdn)
        .filter(({ command }) => command === 'PNR')
        .map(({ result }) => result)
    for (const expected of [[2001], [2001, 5107]]) {
      it.change(bob, {})
      await eventually(() => pushes().join() === expected.join(), 'the push is answered')
    }
    it.change(bob, {})
    assert.equal((await it.sender.send({ to: bob.uri })).status, 200)
    assert.deepEqual(pushes(), [2001, 5107])
  })

  test('an HSS that lets nobody subscribe: the answer holds for its own time, then it is asked again', async (t) => {
    const it = await stage(t, { routing: { sh: { subscribe: true, cacheMs: 300 } } })
    const bob = it.person({ notify: false })
    await it.sender.send({ to: bob.uri })
    await eventually(() => it.asked(bob).includes('SNR'), 'the subscription')
    await eventually(async () => {
      await it.sender.send({ to: bob.uri })
      return it.asked(bob).filter((command) => command === 'UDR').length === 2
    }, 'the answer is too old')
    assert.equal(it.asked(bob).filter((command) => command === 'SNR').length, 1)
  })

  test('with the HSS gone what is kept serves no longer than its time: 480 then, and delivery when it is back', async (t) => {
    const relays: DiameterRelay[] = []
    const it = await stage(t, {
      // The way is asked of the HLR, so that only Sh is missing.
      routing: { protocols: ['map'], sh: { cacheMs: 1_000 } },
      through: async ({ hss }) => {
        relays.push(await DiameterRelay.open({ host: '127.0.0.1', port: hss }))
        return { hss: relays[0]?.port ?? 0 }
      },
    })
    const [relay] = relays
    t.after(() => relay?.close())
    const bob = it.person()
    assert.equal((await it.sender.send({ to: bob.uri })).status, 200)
    relay?.cut()
    assert.equal((await it.sender.send({ to: bob.uri })).status, 200)
    const statuses: number[] = []
    let last: Answer | undefined
    await eventually(async () => {
      last = await it.sender.send({ to: bob.uri })
      statuses.push(last.status)
      return last.status === 480
    }, 'the answer is too old')
    assert.equal(await it.causeOf(last ?? assert.fail()), 'serviceDataUnavailable')
    assert.equal((await it.sender.send({ to: bob.uri })).status, 480)
    relay?.restore()
    await eventually(async () => (await it.sender.send({ to: bob.uri })).status === 200, 'the HSS is back')
  })
})
