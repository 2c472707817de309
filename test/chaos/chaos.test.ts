// neighbours: kafka
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runChaos } from './chaos.ts'
import { FAULTS } from './faults.ts'
import { describeVerdict, isGood, isTelling } from './judge.ts'

const MINUTES = Number(process.env.IPSMGW_CHAOS_MINUTES ?? 2.5)

test('design Never twice, never silently lost: under faults nobody gets an SMS twice, nobody is told wrong, everybody is told something', async (t) => {
  const seed = Number(process.env.IPSMGW_CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`seed ${seed}`)
  const verdict = await runChaos({
    durationMs: MINUTES * 60_000,
    ratePerSecond: 10,
    brokers: 1,
    replicas: 2,
    seed,
    faults: FAULTS,
    faultEveryMs: 3_000,
    told: (sentence) => t.diagnostic(sentence),
  })
  t.diagnostic(describeVerdict(verdict))
  assert.ok(isGood(verdict), describeVerdict(verdict))
  assert.ok(isTelling(verdict), describeVerdict(verdict))
})
