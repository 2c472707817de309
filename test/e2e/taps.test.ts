import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { TapEvent } from '@ipsmgw/events'
import { eventually } from '../support/eventually.ts'
import { spyOnBus } from './bus-spy.ts'
import { GatewayInLab, HASTY_SCSCF, SCSCF } from './gateway.ts'
import { SENDER, Sender } from './sender.ts'

const REFERENCE = 'warrant-7'
const LONG_TEXT = 'x'.repeat(200)

let numbers = 447_900_560_000
const anybody = () => String(++numbers)

/** A gateway with the usual sender as target; what it told, and what it told of outcomes in short. */
async function tapped(t: TestContext) {
  const published = spyOnBus(t)
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-taps-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'targets.yaml')
  writeFileSync(file, `targets: [{reference: ${REFERENCE}, number: "${SENDER}"}]`)
  const gateway = await GatewayInLab.start({
    sip: { tapTargetFile: file },
    policy: { anonymity: { mode: 'allow' } },
  })
  t.after(() => gateway.stop())
  const events = () =>
    published.flatMap(({ topic, value }) => (topic === 'tap.events' ? [value as TapEvent] : []))
  const outcomes = () => events().flatMap(({ outcome }) => outcome ?? [])
  const short = () =>
    outcomes().map((it) => [it.state, it.outcome, it.cause, it.status, it.partsDelivered, it.parts])
  return { gateway, published, events, outcomes, short }
}

async function senderAt(t: TestContext, address: string, gateway: GatewayInLab): Promise<Sender> {
  const sender = await Sender.open(address, gateway.sip)
  t.after(() => sender.close())
  return sender
}

test('issue taps: messages of targets are copied with real parties and text, then what became of them; the list is audited', async (t) => {
  const { gateway, events, short } = await tapped(t)
  const sender = await senderAt(t, SCSCF, gateway)
  await sender.send({ to: anybody(), text: LONG_TEXT, headers: [['Privacy', 'id']] })
  await sender.send({ to: anybody(), asserted: '<tel:+447700900999>', from: '<tel:+447700900999>' })
  const [list, copied, ended, ...others] = events()
  assert.deepEqual([list?.list?.state, list?.list?.targets, others], ['loaded', 1, []])
  const { copy } = copied ?? {}
  assert.deepEqual([copy?.targets, copy?.text], [[REFERENCE], LONG_TEXT])
  const parties = (event: TapEvent['copy'] | TapEvent['outcome']) => [
    event?.messageId,
    event?.sender.asserted[0]?.number,
    event?.recipient.number,
  ]
  assert.deepEqual(parties(ended?.outcome), [copy?.messageId, SENDER, `+${numbers - 1}`])
  assert.deepEqual(parties(copy), parties(ended?.outcome))
  assert.deepEqual(short(), [['ended', 'delivered', 'delivered', 200, 2, 2]])
})

test('issue taps: a failure and a refusal by policy are outcomes as well; who is a target shows nowhere else', async (t) => {
  const { gateway, published, short } = await tapped(t)
  const sender = await senderAt(t, SCSCF, gateway)
  const absent = anybody()
  gateway.set(absent, { behaviour: 'absent' })
  await sender.send({ to: absent })
  await sender.send({ to: anybody(), text: 'x'.repeat(3_000) })
  assert.deepEqual(short(), [
    ['ended', 'failed', 'absentSubscriber', 480, 0, 1],
    ['ended', 'failed', 'tooLong', 413, 0, 0],
  ])
  const elsewhere = published.filter(({ topic }) => topic !== 'tap.events')
  assert.ok(elsewhere.length > 0)
  assert.ok(!JSON.stringify(elsewhere).includes(REFERENCE))
  assert.ok(!gateway.logged.join('').includes(REFERENCE))
})

test('issue taps: an outcome that was unknown when the sender was answered is amended when the phone has it', async (t) => {
  const { gateway, short, outcomes } = await tapped(t)
  const sender = await senderAt(t, HASTY_SCSCF, gateway)
  const slow = anybody()
  gateway.set(slow, { behaviour: 'silent', delayMs: 4_500 })
  assert.equal((await sender.send({ to: slow })).status, 202)
  await eventually(() => outcomes().length === 2, 'the outcome is amended')
  assert.deepEqual(short(), [
    ['ended', 'unknown', 'outcomeUnknown', 202, 0, 1],
    ['amended', 'delivered', 'delivered', undefined, 1, 1],
  ])
})
