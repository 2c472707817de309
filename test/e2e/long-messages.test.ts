import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { GatewayInLab, SCSCF } from './gateway.ts'
import { Sender } from './sender.ts'

/** UCS2 parts hold 67 units: the family stands at units 65 to 75, so it must move into part 2 as a whole. */
const FAMILY = '👨‍👩‍👧‍👦'
const EMOJI_ACROSS_BORDER = `${'б'.repeat(64)}${FAMILY}${'г'.repeat(80)}`
const TURKISH = 'Şu ılık gecede ağaçların gölgesi düşer, İstanbul ışıl ışıldır: '.repeat(6).trim()

describe('messages of several parts', () => {
  let gateway: GatewayInLab
  let sender: Sender

  before(async () => {
    gateway = await GatewayInLab.start({
      policy: { text: { languages: [{ recipients: '+90', tables: [1] }] } },
    })
    sender = await Sender.open(SCSCF, gateway.sip)
  })
  after(async () => {
    await sender.close()
    await gateway.stop()
  })

  async function deliver(to: string, text: string) {
    const answer = await sender.send({ to, text })
    assert.equal(answer.status, 200)
    const messages = gateway.lab.phones.messagesOf(to)
    assert.equal(messages.length, 1)
    return { answer, message: messages[0], forwards: gateway.lab.nodesLog.entries(to) }
  }

  test('TS 23.040 §9.2.3.24.1 three parts with an emoji that a border would cut arrive as one text', async () => {
    const { message, forwards } = await deliver('447900200001', EMOJI_ACROSS_BORDER)
    assert.equal(message?.text, EMOJI_ACROSS_BORDER)
    assert.equal(message?.parts, 3)
    const family = Buffer.from(FAMILY, 'utf16le').swap16().toString('hex')
    assert.equal(forwards.filter(({ tpdu }) => tpdu?.includes(family)).length, 1)
  })

  test('TS 23.038 annex A a Turkish text of three parts arrives intact, in the Turkish tables', async () => {
    const { message } = await deliver('905301234567', TURKISH)
    assert.equal(message?.text, TURKISH)
    assert.equal(message?.parts, 3)
  })

  test('the same Turkish text to a phone of unknown tables arrives intact in UCS2', async () => {
    const { message } = await deliver('447900200002', TURKISH)
    assert.equal(message?.text, TURKISH)
    assert.equal(message?.parts, Math.ceil(TURKISH.length / 67))
  })

  test('parts go one after another, each after the answer to the one before, and TP-MMS says whether more follow', async () => {
    const to = '447900200003'
    gateway.set(to, { behaviour: 'reachable', delayMs: 150 })
    const { forwards } = await deliver(to, 'ö'.repeat(400))
    assert.equal(forwards.length, 3)
    assert.deepEqual(
      forwards.map(({ moreMessages }) => moreMessages),
      [true, true, false],
    )
    const noMore = forwards.map(({ tpdu }) => (Number.parseInt(tpdu?.slice(0, 2) ?? '', 16) & 0x04) !== 0)
    assert.deepEqual(noMore, [false, false, true])
    for (const [index, { at }] of forwards.entries())
      if (index > 0)
        assert.ok(at >= (forwards[index - 1]?.answeredAt ?? '~'), 'a part left before the answer')
  })

  test('TS 23.204 §6.13 step 13 the 200 leaves after the acknowledgement of the last part', async () => {
    const to = '447900200004'
    gateway.set(to, { behaviour: 'reachable', delayMs: 200 })
    const { answer } = await deliver(to, 'ö'.repeat(400))
    assert.ok(answer.elapsedMs >= 3 * 200, `answered after ${answer.elapsedMs} ms`)
    const { timeline, parts, partsDelivered } = await gateway.message(answer.callId)
    assert.deepEqual([parts, partsDelivered], [3, 3])
    const steps = timeline.map(({ step, part }) => (part === undefined ? step : `${step} ${part}`))
    const forwarding = [
      'attempted 1',
      'acknowledged 1',
      'attempted 2',
      'acknowledged 2',
      'attempted 3',
      'acknowledged 3',
    ]
    assert.deepEqual(
      steps.filter((step) => /^(attempted|acknowledged|answered)/.test(step)),
      [...forwarding, 'answered'],
    )
    const at = (step: string) => timeline[steps.indexOf(step)]?.sinceStartMs ?? Number.NaN
    assert.ok(at('answered') >= at('acknowledged 3'))
    assert.ok(at('acknowledged 3') >= 600)
    assert.ok(answer.elapsedMs >= at('acknowledged 3'))
  })

  test('a failure in the middle stops the rest, and the answer is that of the failure', async () => {
    const to = '447900200005'
    gateway.set(to, { behaviour: 'reachable', delayMs: 300 })
    const pending = sender.send({ to, text: 'ö'.repeat(400) })
    await eventually(() => gateway.lab.nodesLog.entries(to).length === 2, 'part 2 is under way')
    gateway.set(to, { behaviour: 'memory-full' })
    const answer = await pending
    assert.equal(answer.status, 480)
    const { parts, partsDelivered } = await gateway.message(answer.callId)
    assert.deepEqual([parts, partsDelivered, gateway.lab.nodesLog.entries(to).length], [3, 2, 3])
    assert.deepEqual(gateway.lab.phones.messagesOf(to), [])
  })

  test('more parts than the policy allows: 413, and nothing is asked or sent', async () => {
    const to = '447900200006'
    const answer = await sender.send({ to, text: 'x'.repeat(153 * 10 + 1) })
    assert.equal(answer.status, 413)
    assert.match(answer.header('warning') ?? '', /133 Size exceeded/)
    assert.deepEqual(gateway.lab.hssLog.entries(to), [])
    assert.equal((await sender.send({ to, text: 'x'.repeat(153 * 10) })).status, 200)
  })
})
