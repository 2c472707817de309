// Runs under a kernel with SCTP, where `delivery-sctp.test.ts` starts it.
import { after, before, test } from 'node:test'
import { allAreDelivered, type Installation, outageIsToldTruly } from './delivery.ts'
import { startOverSctp, stop } from './over-sctp.ts'

let installation: Installation
before(async () => {
  installation = await startOverSctp()
})
after(() => stop(installation))

test('TS 23.204 §6.13: 100 messages and long ones through two ASPs of a real STP: each once, 200', () =>
  allAreDelivered(installation))
test('an STP that stops and starts: every sender is told the truth, nothing is doubled', (context) =>
  outageIsToldTruly(installation, context))
