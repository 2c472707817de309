import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FuzzFailure, fuzz, MAXIMUM_CPU_MS } from './harness.ts'
import type { FuzzTarget } from './target.ts'
import { TARGETS } from './targets/index.ts'

const INPUTS = 10_000
const SEED = 20_260_801

describe('the harness itself', () => {
  const target = (read: FuzzTarget['read'], leastReadable = 0): FuzzTarget => ({
    ...{ name: 'sample', seeds: [Buffer.from('sample')], maximumOctets: 64, leastReadable, read },
  })
  const options = { inputs: 1_000, seed: 1 }

  test('the same seed gives the same inputs', () => {
    const inputsOf = (seed: number) => {
      const inputs: string[] = []
      fuzz(
        target((octets) => inputs.push(octets.toString('hex')) > 0),
        { inputs: 100, seed },
      )
      return new Set(inputs)
    }
    assert.deepEqual(inputsOf(1), inputsOf(1))
    assert.notDeepEqual(inputsOf(1), inputsOf(2))
  })

  test('an untyped error, slowness and refusals alone are failures', () => {
    const untyped = target((octets) => {
      if (octets.length > 8) throw new TypeError('undefined is no function')
      return true
    })
    assert.throws(() => fuzz(untyped, options), FuzzFailure)
    const slow = target(() => {
      for (const until = performance.now() + MAXIMUM_CPU_MS + 10; performance.now() < until; );
      return true
    })
    assert.throws(() => fuzz(slow, options), /ms of CPU time/)
    assert.throws(
      () =>
        fuzz(
          target(() => false, 0.1),
          options,
        ),
      /too few/,
    )
  })
})

describe(`design: ${INPUTS} damaged inputs per decoder, each read or refused by its own error, in time`, () => {
  for (const target of TARGETS)
    test(target.name, () => {
      assert.equal(fuzz(target, { inputs: INPUTS, seed: SEED }).inputs, INPUTS)
    })
})
