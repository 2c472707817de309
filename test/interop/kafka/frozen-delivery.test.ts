// neighbours: kafka
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Front } from '../../chaos/front.ts'
import { Installation } from '../../chaos/installation.ts'
import type { Replica } from '../../chaos/replica.ts'
import { eventually } from '../../support/eventually.ts'

const NUMBER = '447700800001'
/** Longer than the session time-out, shorter than forwardBy: only the lost claim can stop what waits. */
const FROZEN_MS = 13_000
const PHONE_TAKES_MS = 6_000

let installation: Installation
let front: Front

before(async () => {
  const told = () => {}
  installation = await Installation.start({ brokers: 1, replicas: 2, wired: false, verbose: true, told })
  front = await Front.open(installation.ingresses)
  await fetch(`${installation.lab.url}/lab/subscribers/${NUMBER}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ behaviour: 'reachable', node: 'mme', delayMs: PHONE_TAKES_MS }),
  })
})
after(async () => {
  await front?.close()
  await installation?.stop()
})

test('design Never twice 2: sm-delivery that is frozen with a claim in its queue does not send it when it thaws', async () => {
  const onItsWay = front.send({ to: `+${NUMBER}`, text: 'on its way' })
  const frozen = await holderOf(1)
  const claimed = front.send({ to: `+${NUMBER}`, text: 'claimed' })
  assert.equal(await holderOf(2), frozen, 'one phone is one queue')

  frozen.freeze()
  await delay(FROZEN_MS)
  frozen.thaw()

  assert.equal((await onItsWay).status, 200, 'its answer came while nobody read it')
  const { status } = await claimed
  assert.ok(status === 480 || status === 202, `told ${status}`)
  assert.deepEqual(await texts(), ['on its way'])
  await eventually(() => frozen.isReady(), `${frozen.name} once more`, 30_000)
  assert.equal((await front.send({ to: `+${NUMBER}`, text: 'the next one' })).status, 200)
  assert.deepEqual(await texts(), ['on its way', 'the next one'])
})

/** Which sm-delivery has so many claims in hand. */
function holderOf(claims: number): Promise<Replica> {
  return eventually(async () => {
    for (const replica of installation.of('sm-delivery'))
      if ((await replica.metric('ipsmgw_bus_in_flight')) === claims) return replica
    return undefined
  }, `${claims} claims in one sm-delivery`)
}

async function texts(): Promise<string[]> {
  const response = await fetch(`${installation.lab.url}/lab/phones/${NUMBER}/messages`)
  return ((await response.json()) as { text: string }[]).map(({ text }) => text)
}
