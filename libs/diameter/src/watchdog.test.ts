import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  INITIAL_WATCHDOG,
  WATCHDOG_EVENTS,
  WATCHDOG_STATES,
  type Watchdog,
  type WatchdogEvent,
  type WatchdogState,
  watchdogTransition,
} from './watchdog.ts'

/** RFC 3539 §3.4.1 written down again: state with pending and count, event, actions, next. */
type Row = [from: string, event: WatchdogEvent, actions: string, to: string]
const ROWS: Row[] = [
  ['initial', 'up', 'setTimer failback', 'okay'],
  ['okay', 'dwa', 'setTimer', 'okay'],
  ['okay pending', 'dwa', 'setTimer', 'okay'],
  ['okay', 'message', 'setTimer', 'okay'],
  ['okay pending', 'message', 'setTimer', 'okay pending'],
  ['okay', 'timer', 'sendDwr setTimer', 'okay pending'],
  ['okay pending', 'timer', 'failover setTimer', 'suspect pending'],
  ['okay', 'lost', 'failover', 'down'],
  ['okay pending', 'lost', 'failover', 'down'],
  ['suspect pending', 'dwa', 'failback setTimer', 'okay'],
  ['suspect pending', 'message', 'failback setTimer', 'okay pending'],
  ['suspect pending', 'timer', 'close', 'down'],
  ['suspect pending', 'lost', '', 'down'],
  ['down', 'up', 'sendDwr setTimer', 'reopen pending'],
  ['reopen pending', 'dwa', '', 'reopen 1'],
  ['reopen pending 1', 'dwa', '', 'reopen 2'],
  ['reopen pending 2', 'dwa', 'failback setTimer', 'okay'],
  ['reopen pending -1', 'dwa', '', 'reopen 0'],
  ['reopen 1', 'timer', 'sendDwr setTimer', 'reopen pending 1'],
  ['reopen pending 1', 'timer', 'setTimer', 'reopen pending -1'],
  ['reopen pending -1', 'timer', 'close', 'down'],
  ['reopen 1', 'message', '', 'reopen 1'],
  ['reopen pending 1', 'lost', '', 'down'],
]

function parse(text: string): Watchdog {
  const [state, ...rest] = text.split(' ')
  const count = Number(rest.find((word) => /^-?\d$/.test(word)) ?? 0)
  return { state: state as WatchdogState, pending: rest.includes('pending'), count }
}

describe('Watchdog', () => {
  for (const [from, event, actions, to] of ROWS)
    test(`RFC 3539 §3.4.1: ${from} with ${event} goes to ${to}`, () => {
      const { next, effects } = watchdogTransition(parse(from), event)
      const expected = parse(to)
      assert.deepEqual([next.state, next.pending], [expected.state, expected.pending])
      if (expected.state === 'reopen') assert.equal(next.count, expected.count)
      assert.deepEqual(effects, actions.split(' ').filter(Boolean))
    })

  test('RFC 3539 §3.4.1: an event without a row changes nothing', () => {
    const known = new Set(ROWS.map(([from, event]) => `${parse(from).state} ${event}`))
    for (const state of WATCHDOG_STATES)
      for (const event of WATCHDOG_EVENTS) {
        if (known.has(`${state} ${event}`)) continue
        const watchdog = { ...INITIAL_WATCHDOG, state }
        assert.deepEqual(watchdogTransition(watchdog, event), { next: watchdog, effects: [] })
      }
  })

  test('RFC 3539 §3.4.1: a silent peer is suspected at the second expiry and closed at the third', () => {
    let watchdog = parse('okay')
    const seen = ['timer', 'timer', 'timer'].map((event) => {
      const { next, effects } = watchdogTransition(watchdog, event as WatchdogEvent)
      watchdog = next
      return effects[0]
    })
    assert.deepEqual(seen, ['sendDwr', 'failover', 'close'])
  })
})
