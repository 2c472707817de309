// neighbours: kafka
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { underLoad } from './chaos.ts'
import { restartInTurn } from './faults.ts'
import { describeOutcome } from './report.ts'

const RATE_PER_SECOND = Number(process.env.IPSMGW_ROLLING_RATE ?? 200)

test(`design §7: every replica of every service restarted in turn at ${RATE_PER_SECOND} messages a second, and every sender is told 200`, async (t) => {
  const outcome = await underLoad(
    {
      ratePerSecond: RATE_PER_SECOND,
      brokers: 1,
      replicas: 2,
      seed: 1,
      verbose: false,
      told: (sentence) => t.diagnostic(sentence),
    },
    async (installation, _, told) => {
      await restartInTurn(installation.replicas)
      told(`restarted ${installation.replicas.length} replicas`)
      assert.ok(installation.replicas.every(({ restarts }) => restarts === 1))
    },
  )
  const described = describeOutcome(outcome)
  t.diagnostic(described)
  assert.equal(outcome.delivered, outcome.messages, described)
})
