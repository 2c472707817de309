// neighbours: kafka
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { underLoad } from './chaos.ts'
import { restartInTurn } from './faults.ts'
import { NEXT_RELEASE } from './preload.ts'
import { describeOutcome } from './report.ts'

const RATE_PER_SECOND = Number(process.env.IPSMGW_ROLLING_RATE ?? 200)

test(`design §7, Never twice 9: every replica of every service restarted in turn as the next release at ${RATE_PER_SECOND} messages a second, and every sender is told 200`, async (t) => {
  const outcome = await underLoad(
    {
      ratePerSecond: RATE_PER_SECOND,
      brokers: 1,
      replicas: 2,
      seed: 1,
      verbose: false,
      wired: false,
      told: (sentence) => t.diagnostic(sentence),
    },
    async (installation, _, told) => {
      // Half of each service first: then both releases read what the other has written, in every topic.
      const inTurn = [0, 1].flatMap((index) => installation.replicas.filter((it) => it.index === index))
      for (const replica of inTurn) replica.become({ [NEXT_RELEASE]: 'yes' })
      await restartInTurn(inTurn)
      told(`restarted ${inTurn.length} replicas`)
      assert.ok(installation.replicas.every(({ restarts }) => restarts === 1))
    },
  )
  const described = describeOutcome(outcome)
  t.diagnostic(described)
  assert.equal(outcome.delivered, outcome.messages, described)
})
