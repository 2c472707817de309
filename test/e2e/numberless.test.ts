import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeDiameter, value } from '@ipsmgw/diameter'
import { eventually } from '../support/eventually.ts'
import { spyOnBus } from './bus-spy.ts'
import { HIDDEN, stage } from './stage.ts'

describe('TS 29.338 §5.3.2.3: users without a number', () => {
  const policy = { homeDomains: ['ims.example'], anonymity: { mode: 'allow' } }
  const ALICE = 'sip:alice@ims.example'

  test('by IMSI: asked for over Sh, routed, delivered, on record, and nowhere else', async (t) => {
    const published = spyOnBus(t)
    const it = await stage(t, { policy })
    const bob = it.person({ number: false })
    const answer = await it.sender.send({ to: bob.uri, asserted: `<${ALICE}>` })
    assert.equal(answer.status, 200)
    assert.deepEqual(it.asked(bob), ['UDR', 'UDR', 'SRR'])
    const { imsi } = it.gateway.lab.subscribers.of(bob.msisdn)
    const srr = it.request(bob, 'SRR')
    assert.deepEqual([value(srr, 'MSISDN'), value(srr, 'User-Name')], [undefined, imsi])
    assert.equal(it.gateway.lab.phones.messagesOf(bob.msisdn)[0]?.originator, 'alice')
    const record = await it.gateway.message(answer.callId)
    assert.deepEqual([record.outcome, record.parts, record.partsDelivered], ['delivered', 1, 1])
    const keys = published.map(({ key }) => key).join()
    const metrics = await (await fetch(it.gateway.url('/metrics'))).text()
    for (const [place, text] of Object.entries({
      keys,
      metrics,
      logs: it.gateway.logged.join(''),
      record: JSON.stringify(record),
    }))
      assert.ok(!text.includes(imsi), `${place} hold the IMSI`)
  })

  test('by IMSI: a long message is one lane, and an absent phone is 480', async (t) => {
    const it = await stage(t, { policy })
    const bob = it.person({ number: false })
    const text = 'x'.repeat(400)
    const statuses = await Promise.all(
      [1, 2].map(async () => (await it.sender.send({ to: bob.uri, text })).status),
    )
    assert.deepEqual(statuses, [200, 200])
    assert.deepEqual(it.texts(bob), [text, text])
    const absent = it.person({ number: false }, { behaviour: 'absent' })
    assert.equal((await it.sender.send({ to: absent.uri })).status, 480)
  })

  test('by IMSI: the home network is told of it by the IMSI', async (t) => {
    const it = await stage(t, { policy })
    const bob = it.person({ number: false }, { waiting: true })
    assert.equal((await it.sender.send({ to: bob.uri })).status, 200)
    const { imsi } = it.gateway.lab.subscribers.of(bob.msisdn)
    const rdr = () => it.gateway.lab.hssLog.entries().find(({ command }) => command === 'RDR')
    await eventually(() => rdr() !== undefined, 'the report')
    const message = decodeDiameter(Buffer.from(rdr()?.octets ?? '', 'hex'))
    assert.deepEqual(value(message, 'User-Identifier'), { 'User-Name': imsi })
  })

  test('an HSS that keeps the IMSI to itself, and a gateway that serves nobody without a number: 404', async (t) => {
    const it = await stage(t, { policy })
    const secret = it.person({ number: false, imsi: false })
    const answer = await it.sender.send({ to: secret.uri })
    assert.deepEqual([answer.status, await it.causeOf(answer)], [404, 'noSubscriberNumber'])
    const strict = await stage(t, { policy, routing: { withoutNumber: 'refuse' } })
    const bob = strict.person({ number: false })
    assert.equal((await strict.sender.send({ to: bob.uri })).status, 404)
    assert.deepEqual(strict.asked(bob), ['UDR'])
  })

  test('by SIP URI: the correlation of both URIs is in SRR, TFR and RDR, without the sender’s when it hides', async (t) => {
    const it = await stage(t, { policy, routing: { withoutNumber: 'sip-uri', hssId: '00101' } })
    const correlationIn = (octets: string | undefined) => {
      const id = value(decodeDiameter(Buffer.from(octets ?? '', 'hex')), 'SMSMI-Correlation-ID')
      return id && [id['HSS-ID'], id['Originating-SIP-URI'], id['Destination-SIP-URI']]
    }
    for (const [sending, originator] of [
      [{ asserted: `<${ALICE}>` }, ALICE],
      [{ asserted: `<${ALICE}>`, ...HIDDEN }, undefined],
    ] as const) {
      const bob = it.person({ number: false }, { waiting: true })
      assert.equal((await it.sender.send({ to: bob.uri, ...sending })).status, 200)
      const expected = ['00101', originator, bob.uri]
      const srr = it.request(bob, 'SRR')
      assert.deepEqual([value(srr, 'MSISDN'), value(srr, 'User-Name')], [undefined, '00101'])
      const [tfr] = it.gateway.lab.nodesLog.entries(bob.msisdn)
      const log = it.gateway.lab.hssLog
      await eventually(() => log.entries().at(-1)?.command === 'RDR', 'the report')
      const octets = [log.entries(bob.msisdn).at(-1)?.octets, tfr?.octets, log.entries().at(-1)?.octets]
      for (const text of octets) assert.deepEqual(correlationIn(text), expected)
    }
  })

  test('MAP asks by number: 404 where there is nothing else to ask', async (t) => {
    const it = await stage(t, { policy, routing: { protocols: ['map'] } })
    const answer = await it.sender.send({ to: it.person({ number: false }).uri })
    assert.deepEqual([answer.status, await it.causeOf(answer)], [404, 'noSubscriberNumber'])
  })
})
