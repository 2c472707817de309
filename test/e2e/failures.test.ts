import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { SubscriberSetting } from '@ipsmgw/test/lab'
import { eventually } from '../support/eventually.ts'
import { ANSWER_BY_MS, GatewayInLab, SCSCF } from './gateway.ts'
import { type Answer, SENDER, Sender } from './sender.ts'

describe('what a failure comes to beside its answer', { concurrency: true }, () => {
  let gateway: GatewayInLab
  let sender: Sender
  let numbers = 447_900_100_000

  before(async () => {
    gateway = await GatewayInLab.start()
    sender = await Sender.open(SCSCF, gateway.sip)
  })
  after(async () => {
    await sender.close()
    await gateway.stop()
  })

  async function deliver(setting: SubscriberSetting): Promise<{ msisdn: string; answer: Answer }> {
    numbers += 1
    const msisdn = String(numbers)
    gateway.set(msisdn, { node: 'mme', ...setting })
    return { msisdn, answer: await sender.send({ to: msisdn }) }
  }

  test('a silent node: 202 at answerBy, never 408, and a copy of the request is not sent again', async () => {
    const { msisdn, answer } = await deliver({ behaviour: 'silent' })
    assert.equal(answer.status, 202)
    assert.ok(answer.elapsedMs >= ANSWER_BY_MS - 100, `answered after ${answer.elapsedMs} ms`)
    assert.deepEqual(answer.provisional, [100])
    const again = await sender.send({ to: msisdn, callId: answer.callId })
    assert.equal(again.status, 202)
    assert.equal(gateway.lab.nodesLog.entries(msisdn).length, 1)
    const record = await gateway.message(answer.callId)
    assert.deepEqual([record.outcome, record.cause], ['unknown', 'outcomeUnknown'])
  })

  test('a node that answers after answerBy: 202, one SMS, and the late result in the record', async () => {
    const { msisdn, answer } = await deliver({ behaviour: 'silent', delayMs: ANSWER_BY_MS + 1_000 })
    assert.equal(answer.status, 202)
    await eventually(
      async () => (await gateway.message(answer.callId)).outcome === 'delivered',
      'late result',
    )
    assert.equal((await sender.send({ to: msisdn, callId: answer.callId })).status, 202)
    assert.equal(gateway.lab.phones.messagesOf(msisdn).length, 1)
    assert.equal(gateway.lab.nodesLog.entries(msisdn).length, 1)
  })

  test('a phone that was busy and is free again gets the message at the next try', async () => {
    const msisdn = '447900199001'
    gateway.set(msisdn, { behaviour: 'busy' })
    const pending = sender.send({ to: msisdn })
    await eventually(() => gateway.lab.nodesLog.entries(msisdn).length > 0, 'first try')
    gateway.set(msisdn, { behaviour: 'reachable' })
    assert.equal((await pending).status, 200)
    assert.equal(gateway.lab.phones.messagesOf(msisdn).length, 1)
  })

  test('a public identity without a number in it is resolved over Sh, an unknown one is 404', async () => {
    const identity = 'sip:alice@ims.invalid'
    gateway.set('447900199002', { behaviour: 'reachable', identities: [identity] })
    assert.equal((await sender.send({ to: identity, text: 'by name' })).status, 200)
    assert.equal(gateway.lab.phones.messagesOf('447900199002')[0]?.text, 'by name')
    const unknown = await sender.send({ to: 'sip:nobody@ims.invalid' })
    assert.equal(unknown.status, 404)
    assert.match(unknown.header('reason') ?? '', /^Q\.850;cause=1;/)
  })
})

describe('hidden sender, TS 23.204 §6.13 step 7', () => {
  const hidden = {
    from: '"Anonymous" <sip:anonymous@anonymous.invalid>',
    headers: [['Privacy', 'id']] as const,
  }
  const send = async (mode: string) => {
    const gateway = await GatewayInLab.start({ policy: { anonymity: { mode } } })
    const sender = await Sender.open(SCSCF, gateway.sip)
    try {
      const answer = await sender.send({ to: '447900123456', ...hidden })
      return { answer, gateway: gateway.lab }
    } finally {
      await sender.close()
      await gateway.stop()
    }
  }

  test('allowed by the operator: delivered under a name that is not the sender', async () => {
    const { answer, gateway } = await send('allow')
    assert.equal(answer.status, 200)
    const [message] = gateway.phones.messagesOf('447900123456')
    assert.deepEqual([message?.text, message?.originator], ['Hello', 'Anonymous'])
    assert.ok(!message?.tpdus.join().includes(Buffer.from(SENDER).toString('hex')))
  })

  test('prohibited: 433 before anything is asked of the HSS', async () => {
    const { answer, gateway } = await send('prohibit')
    assert.deepEqual([answer.status, answer.reason], [433, 'Anonymity Disallowed'])
    assert.deepEqual(gateway.hssLog.entries(), [])
    assert.deepEqual(gateway.nodesLog.entries(), [])
  })

  test('prohibited without saying so: 403', async () => {
    const { answer, gateway } = await send('prohibitHidden')
    assert.equal(answer.status, 403)
    assert.deepEqual(gateway.hssLog.entries(), [])
  })
})
