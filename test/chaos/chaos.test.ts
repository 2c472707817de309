// neighbours: kafka
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runChaos } from './chaos.ts'
import { FAULTS } from './faults.ts'
import { isGood, isTelling } from './judge.ts'
import { describeOutcome } from './report.ts'

const MINUTES = Number(process.env.IPSMGW_CHAOS_MINUTES ?? 3.2)

test('design Never twice, never silently lost: under faults nobody gets an SMS twice, nobody is told wrong, everybody is told something', async (t) => {
  const seed = Number(process.env.IPSMGW_CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`seed ${seed}`)
  const outcome = await runChaos({
    durationMs: MINUTES * 60_000,
    ratePerSecond: 10,
    brokers: 1,
    replicas: 2,
    seed,
    verbose: true,
    wired: true,
    faults: FAULTS,
    faultEveryMs: 3_000,
    told: (sentence) => t.diagnostic(sentence),
  })
  const described = describeOutcome(outcome)
  t.diagnostic(described)
  assert.ok(isGood(outcome), described)
  assert.ok(isTelling(outcome), described)
})
