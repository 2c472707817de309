// Runs under a kernel with SCTP, where `sigtran.test.ts` starts it: a run whose capture that one reads.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { SubscriberSetting } from '@ipsmgw/test/lab'
import type { Installation } from '../sigtran/delivery.ts'
import { STP_PORT, startOverSctp, stop } from '../sigtran/over-sctp.ts'
import { Capture } from './capture.ts'
import { DELIVERED, REFUSED } from './run.ts'

let installation: Installation
let capture: Capture
before(async () => {
  const folder = process.env.CAPTURE_FOLDER ?? assert.fail('CAPTURE_FOLDER is not set')
  capture = await Capture.start([STP_PORT], folder)
  installation = await startOverSctp({ protocols: ['map'] })
})
after(async () => {
  await stop(installation)
  await capture?.stop()
})

let numbers = 447_900_600_000
async function send(setting: SubscriberSetting, text?: string) {
  numbers += 1
  installation.gateway.set(String(numbers), setting)
  return installation.sender.send({ to: String(numbers), ...(text !== undefined && { text }) })
}

for (const version of [3, 2, 1] as const)
  test(`texts of every kind to a node of version ${version}`, async () => {
    for (const node of ['msc', 'sgsn', 'hlr'] as const) installation.gateway.lab.map[node].speak(version)
    // Older HLRs have no word that a number is that of an SGSN.
    for (const node of version === 3 ? (['msc', 'sgsn'] as const) : (['msc'] as const))
      for (const text of DELIVERED)
        assert.equal((await send({ behaviour: 'reachable', node }, text)).status, 200)
    for (const setting of REFUSED) assert.notEqual((await send(setting)).status, 200)
  })
