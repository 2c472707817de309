import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Account, isGood, judge } from './judge.ts'

const account = (status: number | undefined, copies: number): Account => ({
  message: { to: '+447700800000', text: `${status}/${copies}` },
  messageId: 'id',
  sentAtMs: 0,
  afterMs: 0,
  attempts: [],
  status,
  copies: Array<number>(copies).fill(1),
  window: undefined,
})

test('the judge: the truth is good, in each of its forms', () => {
  const verdict = judge([account(200, 1), account(480, 0), account(202, 0), account(202, 1)])
  assert.equal(isGood(verdict), true)
  assert.equal(verdict.delivered, 1)
  assert.equal(verdict.unknown.length, 2)
  assert.equal(verdict.failed.length, 1)
})

for (const [kind, status, copies] of [
  ['duplicates', 200, 2],
  ['duplicates', 202, 2],
  ['false200', 200, 0],
  ['falseFailures', 480, 1],
  ['unanswered', undefined, 0],
  ['unanswered', undefined, 1],
] as const)
  test(`the judge: told ${status}, ${copies} on the phone: ${kind}`, () => {
    const verdict = judge([account(200, 1), account(status, copies)])
    assert.equal(isGood(verdict), false)
    assert.equal(verdict[kind].length, 1)
  })

test('the judge: nothing told in a named window is no fault', () => {
  const verdict = judge([{ ...account(undefined, 1), window: 'frozen ingress' }])
  assert.equal(isGood(verdict), true)
  assert.equal(verdict.excused.length, 1)
})
