import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { advice, measurePatience, type Probe } from './patience.ts'

/** A chain that gives up after a time, and what it says then. */
const chain =
  (waitsSeconds: number, status: number | undefined) =>
  async (delaySeconds: number): Promise<Probe> =>
    delaySeconds <= waitsSeconds
      ? { delaySeconds, status: 200, tookSeconds: delaySeconds }
      : { delaySeconds, tookSeconds: waitsSeconds, ...(status !== undefined && { status }) }

describe('patience of a chain', () => {
  for (const waits of [0, 1, 3, 4, 7, 18, 29, 30])
    test(`a chain that waits ${waits} s is found with at most six messages`, async () => {
      const { lastsSeconds, probes, broke } = await measurePatience(30, chain(waits, 408))
      assert.equal(lastsSeconds, waits)
      assert.ok(probes.length <= 6, `${probes.length} messages`)
      assert.equal(broke?.delaySeconds, waits === 30 ? undefined : waits + 1)
    })

  const advised: readonly (readonly [number, number | undefined, RegExp])[] = [
    [4, 408, /waits 4 s and gave up before 5 s \(408 after 4\.0 s\): set earlyAnswerMs of this peer to 2000/],
    [20, 504, /set answerByMs of this peer to 18000/],
    [20, undefined, /no final came.*answerByMs of this peer to 18000/],
    [25, 202, /gateway itself answered 202 after 25\.0 s: raise answerByMs/],
    [30, 408, /waits for more than 30 s: the default/],
    [0, 480, /not even a phone that answers after 1 s gave 200 \(480 after 0\.0 s\)/],
  ]
  for (const [waits, status, words] of advised)
    test(`after ${waits} s and ${status ?? 'nothing'} the advice fits`, async () => {
      assert.match(advice(await measurePatience(30, chain(waits, status))), words)
    })
})
