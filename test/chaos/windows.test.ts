import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attempt } from './front.ts'
import { type Freeze, silentWindow } from './windows.ts'

const PATIENCE_MS = 32_000
const held = (instance: string, fromMs: number): Attempt => ({
  instance,
  fromMs,
  toMs: undefined,
  ending: '',
})
const lost = (instance: string, fromMs: number): Attempt => ({
  instance,
  fromMs,
  toMs: fromMs + 500,
  ending: '',
})

for (const [window, what, attempts, freezes] of [
  [
    'frozen ingress',
    'it stands still when the sender gives up',
    [held('a', 0)],
    { a: [{ fromMs: 25_000, toMs: 38_000 }] },
  ],
  [
    'frozen ingress',
    "the sender's own timer is a moment early",
    [{ ...held('a', 0), toMs: PATIENCE_MS + 11, ending: 'timeout' }],
    { a: [{ fromMs: 25_000, toMs: 38_000 }] },
  ],
  ['frozen ingress', 'it has just thawed', [held('a', 0)], { a: [{ fromMs: 18_500, toMs: 31_500 }] }],
  [undefined, 'it thawed in time', [held('a', 0)], { a: [{ fromMs: 10_000, toMs: 23_000 }] }],
  [
    undefined,
    'it stood still after the sender had given up',
    [held('a', 0)],
    { a: [{ fromMs: 33_000, toMs: 46_000 }] },
  ],
  [
    undefined,
    'another that could have answered holds it too',
    [held('a', 0), held('b', 4_000)],
    { a: [{ fromMs: 25_000, toMs: 38_000 }] },
  ],
  ['moved late', 'the second got it too late for its own timer', [lost('a', 0), held('b', 6_500)], {}],
  [undefined, 'the second got it in time', [lost('a', 0), held('b', 4_500)], {}],
  [
    'moved late',
    'it arrived when the instance thawed',
    [held('a', 1_000)],
    { a: [{ fromMs: 0, toMs: 13_000 }] },
  ],
  [undefined, 'nobody holds it', [lost('a', 0)], {}],
] as const satisfies readonly (readonly [string | undefined, string, Attempt[], Record<string, Freeze[]>])[])
  test(`guarantees, named windows: ${what}: ${window ?? 'no excuse'}`, () => {
    const freezesOf = (instance: string) => (freezes as Record<string, readonly Freeze[]>)[instance] ?? []
    assert.equal(silentWindow({ sentAtMs: 0, attempts }, PATIENCE_MS, freezesOf), window)
  })
