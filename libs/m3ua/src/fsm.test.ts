import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  ASP_EVENTS,
  ASP_STATES,
  ASP_TABLE,
  type StateTable,
  TRAFFIC_EVENTS,
  TRAFFIC_STATES,
  TRAFFIC_TABLE,
} from './fsm.ts'
import {
  AS_EVENTS,
  AS_STATES,
  AS_TABLE,
  SERVED_ASP_EVENTS,
  SERVED_ASP_STATES,
  SERVED_ASP_TABLE,
} from './sgp-fsm.ts'

type Table = StateTable<string, string, string>

const MACHINES: [chapter: string, table: Table, states: readonly string[], events: readonly string[]][] = [
  ['The ASP on one association', ASP_TABLE, ASP_STATES, ASP_EVENTS],
  ['One application server on one association, at the ASP', TRAFFIC_TABLE, TRAFFIC_STATES, TRAFFIC_EVENTS],
  [
    'An ASP in one application server, at the SGP (figure 3)',
    SERVED_ASP_TABLE,
    SERVED_ASP_STATES,
    SERVED_ASP_EVENTS,
  ],
  ['An application server at the SGP (figure 4)', AS_TABLE, AS_STATES, AS_EVENTS],
]

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

/** Rows of the table under a chapter of the README, as `state event` to `next: effects`. */
function rowsUnder(chapter: string): Map<string, string> {
  const text = readme.split(`### ${chapter}\n`)[1]?.split('\n### ')[0] ?? ''
  const rows = [...text.matchAll(/^\| *(\w+) *\| *(\w+) *\| *(\w+) *\| *([\w, ]*?) *\|$/gm)]
  return new Map(
    rows
      .filter(([, state]) => state !== 'state')
      .map(([, state, event, next, effects]) => [`${state} ${event}`, `${next}: ${effects}`]),
  )
}

for (const [chapter, table, states, events] of MACHINES) {
  const rows = rowsUnder(chapter)

  test(`RFC 4666 §4.3, ${chapter}: the README has its rows`, () => assert.ok(rows.size > 5))

  for (const state of states)
    for (const event of events)
      test(`RFC 4666 §4.3, ${chapter}: ${event} in ${state}`, () => {
        const step = table[state]?.[event]
        const said = rows.get(`${state} ${event}`) ?? `${state}: `
        assert.equal(`${step?.next}: ${step?.effects.join(', ')}`, said)
      })

  test(`RFC 4666 §4.3, ${chapter}: every row names a state and an event there is`, () => {
    for (const row of rows.keys()) {
      const [state = '', event = ''] = row.split(' ')
      assert.ok(states.includes(state) && events.includes(event), row)
    }
  })
}

test('RFC 4666 §4.3.4.1: an ASP that loses its association is down from every state', () => {
  for (const state of ASP_STATES) assert.equal(ASP_TABLE[state].communicationLost.next, 'down')
  for (const state of SERVED_ASP_STATES) assert.equal(SERVED_ASP_TABLE[state].communicationLost.next, 'down')
})

test('RFC 4666 §4.3.4.3: traffic stops whenever the ASP is not active any more', () => {
  for (const event of TRAFFIC_EVENTS) {
    const { next, effects } = TRAFFIC_TABLE.active[event]
    assert.equal(next !== 'active', effects.includes('reportInactive'), event)
  }
})

test('RFC 4666 §4.3.4.3: nothing but an acknowledgement makes an ASP active', () => {
  for (const state of TRAFFIC_STATES)
    for (const event of TRAFFIC_EVENTS)
      if (state !== 'active' && TRAFFIC_TABLE[state][event].next === 'active')
        assert.equal(event, 'aspActiveAck', state)
})

test('T(ack): a state that waits for an answer has its timer, one that does not has none', () => {
  const waiting = ['registering', 'activating', 'deactivating']
  for (const from of TRAFFIC_STATES)
    for (const event of TRAFFIC_EVENTS) {
      const { next, effects } = TRAFFIC_TABLE[from][event]
      const starts = effects.includes('startAck')
      const stops = effects.includes('stopAck')
      const fired = event === 'timerAck' || event === 'exhausted'
      if (!waiting.includes(from) && waiting.includes(next)) assert.ok(starts, `${from} ${event}`)
      if (waiting.includes(from) && !waiting.includes(next)) assert.ok(stops || fired, `${from} ${event}`)
      if (!waiting.includes(next)) assert.ok(!starts, `${from} ${event}`)
    }
})
