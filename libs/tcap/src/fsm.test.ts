import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DIALOGUE_EVENTS,
  DIALOGUE_STATES,
  DIALOGUE_TABLE,
  type DialogueEvent,
  type DialogueState,
  dialogueTransition,
  INVOCATION_EVENTS,
  INVOCATION_TABLE,
} from './fsm.ts'

/** state, event, next state, effects: Q.774 annex A. Everything else is forbidden to users and dropped for peers. */
const ROWS: readonly [DialogueState, DialogueEvent, DialogueState, string][] = [
  ['idle', 'userBegin', 'initiationSent', 'sendBegin startGuard'],
  ['idle', 'userEndPrearranged', 'terminated', 'release'],
  ['idle', 'userAbort', 'terminated', 'release'],
  ['idle', 'begin', 'initiationReceived', 'startGuard deliver'],
  ['initiationSent', 'userEnd', 'terminated', 'release'],
  ['initiationSent', 'userEndPrearranged', 'terminated', 'release'],
  ['initiationSent', 'userAbort', 'terminated', 'release'],
  ['initiationSent', 'continue', 'active', 'startGuard deliver'],
  ['initiationSent', 'end', 'terminated', 'release deliver'],
  ['initiationSent', 'abort', 'terminated', 'release deliver'],
  ['initiationSent', 'notice', 'terminated', 'release reportNotice'],
  ['initiationSent', 'malformed', 'terminated', 'sendProviderAbort release reportMalformed'],
  ['initiationSent', 'sendRefused', 'terminated', 'release'],
  ['initiationSent', 'guardExpiry', 'terminated', 'release reportTimeout'],
  ['initiationReceived', 'userContinue', 'active', 'sendContinue startGuard'],
  ['initiationReceived', 'userEnd', 'terminated', 'sendEnd release'],
  ['initiationReceived', 'userEndPrearranged', 'terminated', 'release'],
  ['initiationReceived', 'userAbort', 'terminated', 'sendAbort release'],
  ['initiationReceived', 'guardExpiry', 'terminated', 'sendAbort release reportTimeout'],
  ['active', 'userContinue', 'active', 'sendContinue startGuard'],
  ['active', 'userEnd', 'terminated', 'sendEnd release'],
  ['active', 'userEndPrearranged', 'terminated', 'release'],
  ['active', 'userAbort', 'terminated', 'sendAbort release'],
  ['active', 'continue', 'active', 'startGuard deliver'],
  ['active', 'end', 'terminated', 'release deliver'],
  ['active', 'abort', 'terminated', 'release deliver'],
  ['active', 'notice', 'terminated', 'release reportNotice'],
  ['active', 'malformed', 'terminated', 'sendProviderAbort release reportMalformed'],
  ['active', 'sendRefused', 'active', ''],
  ['active', 'guardExpiry', 'terminated', 'sendAbort release reportTimeout'],
]

for (const [state, event, next, effects] of ROWS)
  test(`Q.774 annex A: ${state} on ${event} becomes ${next}`, () => {
    assert.deepEqual(dialogueTransition(state, event), { next, effects: effects.split(' ').filter(Boolean) })
  })

test('Q.774 annex A: every other event leaves the state as it is, forbidden or dropped', () => {
  const listed = new Set(ROWS.map(([state, event]) => `${state} ${event}`))
  for (const state of DIALOGUE_STATES)
    for (const event of DIALOGUE_EVENTS) {
      if (listed.has(`${state} ${event}`)) continue
      const effect = event.startsWith('user') ? 'forbid' : 'discard'
      assert.deepEqual(DIALOGUE_TABLE[state][event], { next: state, effects: [effect] }, `${state} ${event}`)
    }
})

test('Q.774 §3.3: whatever ends a dialogue releases its transaction id, exactly once', () => {
  for (const state of DIALOGUE_STATES)
    for (const event of DIALOGUE_EVENTS) {
      const { next, effects } = dialogueTransition(state, event)
      const releases = effects.filter((effect) => effect === 'release').length
      assert.equal(releases, next === 'terminated' && state !== 'terminated' ? 1 : 0, `${state} ${event}`)
    }
})

test('Q.771 §3.1.3.2: what each operation class expects', () => {
  const shown = (operationClass: 1 | 2 | 3 | 4) =>
    INVOCATION_EVENTS.map((event) => INVOCATION_TABLE[operationClass][event]).join(' ')
  assert.equal(shown(1), 'deliver finish finish finish expire')
  assert.equal(shown(2), 'unexpected unexpected finish finish expire')
  assert.equal(shown(3), 'deliver finish unexpected finish expire')
  assert.equal(shown(4), 'unexpected unexpected unexpected finish expire')
})
