import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { GatewayInLab } from '../../e2e/gateway.ts'
import type { Answer, Sender } from '../../e2e/sender.ts'
import { eventually } from '../../support/eventually.ts'
import type { OsmoStp } from '../../support/osmo-stp.ts'
import type { LabBehindStp } from './lab-behind-stp.ts'

const LONG_TEXT = 'ö'.repeat(400)
const MESSAGES = 100
/** While the STP is away and comes back, one message this often. */
const EVERY_MS = 20
const PAGING_MS = 100
const LONGEST_RETURN_MS = 60_000

/** A gateway and a lab, each behind its own association to one STP. */
export interface Installation {
  readonly gateway: GatewayInLab
  readonly lab: LabBehindStp
  readonly sender: Sender
  readonly stp: OsmoStp
}

interface Sent {
  readonly msisdn: string
  readonly text: string
  readonly answer: Answer
}

let numbers = 447_900_500_000

async function send({ gateway, sender }: Installation, text?: string): Promise<Sent> {
  numbers += 1
  const msisdn = String(numbers)
  gateway.set(msisdn, { behaviour: 'reachable', at: 'node', delayMs: PAGING_MS })
  const own = text ?? `Message ${numbers}`
  return { msisdn, text: own, answer: await sender.send({ to: msisdn, text: own }) }
}

const sendMany = (installation: Installation, count: number, text?: string) =>
  Promise.all(Array.from({ length: count }, () => send(installation, text)))

function textsOf({ gateway }: Installation, { msisdn }: Sent): string[] {
  return gateway.lab.phones.messagesOf(msisdn).map(({ text }) => text)
}

function assertDelivered(installation: Installation, sent: readonly Sent[]): void {
  for (const it of sent) {
    assert.equal(it.answer.status, 200)
    assert.deepEqual(textsOf(installation, it), [it.text])
  }
}

/** TS 23.204 §6.13 through the STP: every text once on its phone, 200 for each; long ones over kept dialogues. */
export async function allAreDelivered(installation: Installation): Promise<void> {
  assertDelivered(installation, await sendMany(installation, MESSAGES))
  assertDelivered(installation, await sendMany(installation, 10, LONG_TEXT))
}

/**
 * The STP goes away under traffic and comes back. Each sender is told the truth: 200, and the SMS is there, once; 480,
 * and there is none; 202, when the STP took what nobody could answer for: at most one.
 */
export async function outageIsToldTruly(installation: Installation, context: TestContext): Promise<void> {
  const { lab, stp } = installation
  const sent: Promise<Sent>[] = []
  const outage = bringDownAndUp(lab, stp)
  let over = false
  void outage.finally(() => {
    over = true
  })
  while (!over) {
    sent.push(send(installation))
    await delay(EVERY_MS)
  }
  await outage
  const during = await Promise.all(sent)
  for (const it of during) assertTrue(it, textsOf(installation, it))
  const count = (status: number) => during.filter(({ answer }) => answer.status === status).length
  context.diagnostic(
    `${count(200)} of ${during.length} around the outage delivered, ${count(480)} certainly not, ${count(202)} unknown`,
  )
  assert.ok(count(480) > 0, 'some were refused at once')

  await eventually(
    async () => (await send(installation)).answer.status === 200,
    'the gateway delivers again',
    LONGEST_RETURN_MS,
  )
  assertDelivered(installation, await sendMany(installation, MESSAGES))
  // What was delivered during the outage is still there once: nothing was sent again meanwhile.
  for (const it of during) assertTrue(it, textsOf(installation, it))
}

async function bringDownAndUp(lab: LabBehindStp, stp: OsmoStp): Promise<void> {
  await delay(1_000)
  await stp.stop()
  await eventually(() => !lab.connected, 'the loss is seen', LONGEST_RETURN_MS)
  await delay(500)
  await stp.start()
  await eventually(() => lab.connected, 'the lab is back', LONGEST_RETURN_MS)
}

function assertTrue({ answer: { status }, text }: Sent, texts: readonly string[]): void {
  if (status === 202) assert.ok(texts.length <= 1, `202 with ${texts.length} SMS`)
  else assert.deepEqual([status, texts], status === 200 ? [200, [text]] : [480, []])
}
