import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  CLIENT_EVENTS,
  CLIENT_STATES,
  CLIENT_TABLE,
  type ClientEvent,
  type ClientState,
  clientTransition,
  nextTimerE,
  SERVER_EVENTS,
  SERVER_STATES,
  SERVER_TABLE,
  type ServerEvent,
  type ServerState,
  serverTransition,
} from './fsm.ts'

/** Rows written from the standards, not from the code: state, event, reliable, next state, effects. */
const SERVER_ROWS: ReadonlyArray<[string, ServerState, ServerEvent, boolean, ServerState, string]> = [
  ['RFC 3261 §17.2.2 Trying swallows retransmissions', 'trying', 'retransmission', false, 'trying', ''],
  [
    'RFC 4320 §4.1 the 100 when nothing else was sent',
    'trying',
    'timerTrying',
    false,
    'proceeding',
    'sendTrying startExpiry',
  ],
  ['RFC 4320 §4.1 the 100 on TCP', 'trying', 'timerTrying', true, 'proceeding', 'sendTrying startExpiry'],
  ['RFC 3261 §17.2.2 final in Trying', 'trying', 'final', false, 'completed', 'sendFinal startJ'],
  ['RFC 3261 §17.2.2 Timer J is 0 on TCP', 'trying', 'final', true, 'terminated', 'sendFinal destroy'],
  [
    'RFC 3261 §17.2.2 Proceeding repeats the 100',
    'proceeding',
    'retransmission',
    false,
    'proceeding',
    'sendTrying',
  ],
  ['RFC 3261 §17.2.2 final in Proceeding', 'proceeding', 'final', false, 'completed', 'sendFinal startJ'],
  [
    'RFC 3261 §17.2.2 final in Proceeding on TCP',
    'proceeding',
    'final',
    true,
    'terminated',
    'sendFinal destroy',
  ],
  [
    'RFC 4320 §4.2 no answer in 64·T1 is no 408',
    'proceeding',
    'timerExpiry',
    false,
    'terminated',
    'reportExpired destroy',
  ],
  [
    'RFC 4320 §4.2 the same before any 100',
    'trying',
    'timerExpiry',
    true,
    'terminated',
    'reportExpired destroy',
  ],
  [
    'RFC 3261 §17.2.2 Completed repeats the final',
    'completed',
    'retransmission',
    false,
    'completed',
    'repeatFinal',
  ],
  ['RFC 3261 §17.2.2 a second final is discarded', 'completed', 'final', false, 'completed', 'discardFinal'],
  ['RFC 3261 §17.2.2 a second final on TCP', 'terminated', 'final', true, 'terminated', 'discardFinal'],
  ['RFC 3261 §17.2.2 Timer J', 'completed', 'timerJ', false, 'terminated', 'destroy'],
  [
    'RFC 3261 §17.2.4 transport error',
    'completed',
    'transportError',
    false,
    'terminated',
    'reportTransportError destroy',
  ],
  [
    'RFC 3261 §17.2.4 transport error of the 100',
    'proceeding',
    'transportError',
    false,
    'terminated',
    'reportTransportError destroy',
  ],
]

for (const [title, state, event, reliable, next, effects] of SERVER_ROWS) {
  test(`${title}: server ${state} × ${event}${reliable ? ' (reliable)' : ''}`, () => {
    const step = serverTransition(state, event, reliable)
    assert.deepEqual([step.next, step.effects.join(' ')], [next, effects])
  })
}

const CLIENT_ROWS: ReadonlyArray<[string, ClientState, ClientEvent, boolean, ClientState, string]> = [
  ['RFC 3261 §17.1.2.2 start on UDP', 'trying', 'start', false, 'trying', 'sendRequest startF startE'],
  ['RFC 3261 §17.1.2.2 no Timer E on TCP', 'trying', 'start', true, 'trying', 'sendRequest startF'],
  ['RFC 3261 §17.1.2.2 Timer E', 'trying', 'timerE', false, 'trying', 'repeatRequest startE'],
  ['RFC 3261 §17.1.2.2 Timer F', 'trying', 'timerF', false, 'terminated', 'reportTimeout destroy'],
  ['RFC 3261 §17.1.2.2 provisional', 'trying', 'provisional', false, 'proceeding', 'deliverProvisional'],
  ['RFC 3261 §17.1.2.2 final', 'trying', 'final', false, 'completed', 'deliverFinal startK'],
  ['RFC 3261 §17.1.2.2 Timer K is 0 on TCP', 'trying', 'final', true, 'terminated', 'deliverFinal destroy'],
  [
    'RFC 3261 §17.1.2.2 Timer E in Proceeding',
    'proceeding',
    'timerE',
    false,
    'proceeding',
    'repeatRequest startE',
  ],
  [
    'RFC 3261 §17.1.2.2 Timer F in Proceeding',
    'proceeding',
    'timerF',
    true,
    'terminated',
    'reportTimeout destroy',
  ],
  [
    'RFC 3261 §17.1.2.2 final in Proceeding',
    'proceeding',
    'final',
    false,
    'completed',
    'deliverFinal startK',
  ],
  [
    'RFC 3261 §17.1.2.2 final in Proceeding on TCP',
    'proceeding',
    'final',
    true,
    'terminated',
    'deliverFinal destroy',
  ],
  ['RFC 3261 §17.1.2.2 Completed absorbs responses', 'completed', 'final', false, 'completed', ''],
  ['RFC 3261 §17.1.2.2 Timer K', 'completed', 'timerK', false, 'terminated', 'destroy'],
  [
    'RFC 3261 §17.1.4 transport error',
    'trying',
    'transportError',
    true,
    'terminated',
    'reportTransportError destroy',
  ],
  [
    'RFC 3261 §17.1.2.2 an answer is not lost to a later error',
    'completed',
    'transportError',
    false,
    'completed',
    '',
  ],
]

for (const [title, state, event, reliable, next, effects] of CLIENT_ROWS) {
  test(`${title}: client ${state} × ${event}${reliable ? ' (reliable)' : ''}`, () => {
    const step = clientTransition(state, event, reliable)
    assert.deepEqual([step.next, step.effects.join(' ')], [next, effects])
  })
}

test('RFC 3261 §17.1.2.2 an event that has no row changes nothing and does nothing', () => {
  const named = new Set([...SERVER_ROWS, ...CLIENT_ROWS].map(([, state, event]) => `${state} ${event}`))
  for (const state of SERVER_STATES) {
    for (const event of SERVER_EVENTS) {
      if (named.has(`${state} ${event}`) || event === 'transportError') continue
      const { next, effects } = SERVER_TABLE[state][event]
      if (effects.length === 0) assert.equal(next, state, `${state} ${event}`)
      else assert.equal(next, 'terminated', `${state} ${event}`)
    }
  }
  for (const event of CLIENT_EVENTS) assert.deepEqual(CLIENT_TABLE.terminated[event].effects, [])
})

test('RFC 3261 §17.1.2.2 Timer E fires at 0.5, 1.5, 3.5, 7.5, 11.5, … s in Trying', () => {
  const timers = { t1Ms: 500, t2Ms: 4000 }
  const at: number[] = []
  let intervalMs = 0
  for (let nowMs = 0; nowMs < 32_000; nowMs += intervalMs) {
    if (intervalMs > 0) at.push(nowMs / 1000)
    intervalMs = nextTimerE('trying', intervalMs, timers)
  }
  assert.deepEqual(at, [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5])
  assert.equal(nextTimerE('proceeding', 500, timers), 4000)
})

/** The README's tables are printed from the constants; this is the printer. */
function markdown<S extends string, E extends string>(
  states: readonly S[],
  events: readonly E[],
  table: Readonly<Record<S, Readonly<Record<E, { next: string; effects: readonly string[] }>>>>,
): string {
  const rows = states.flatMap((state) =>
    events.flatMap((event) => {
      const { next, effects } = table[state][event]
      if (next === state && effects.length === 0) return []
      return `| ${state} | ${event} | ${next} | ${effects.join(', ')} |`
    }),
  )
  return ['| state | event | next | effects |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

test('the state tables in the README are those of the code', () => {
  const plain = (text: string): string => text.replace(/ +/g, ' ').replace(/-{3,}/g, '---')
  const readme = plain(readFileSync(new URL('../README.md', import.meta.url), 'utf8'))
  for (const expected of [
    markdown(SERVER_STATES, SERVER_EVENTS, SERVER_TABLE),
    markdown(CLIENT_STATES, CLIENT_EVENTS, CLIENT_TABLE),
  ]) {
    assert.ok(readme.includes(plain(expected)), `README.md should hold:\n${expected}`)
  }
})
