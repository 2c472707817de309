import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import {
  PEER_EVENTS,
  PEER_STATES,
  PEER_TABLE,
  type PeerEvent,
  type PeerState,
  peerTransition,
  winsElection,
} from './fsm.ts'

/** RFC 6733 §5.6 written down again: state, event, actions, next state. */
const ROWS: [state: PeerState, event: PeerEvent, actions: string, next: PeerState][] = [
  ['closed', 'start', 'connect startConnectTimer', 'waitConnAck'],
  ['closed', 'rCer', 'adoptR sendCea openR', 'rOpen'],
  ['waitConnAck', 'iConnected', 'sendCer startCapabilitiesTimer', 'waitICea'],
  ['waitConnAck', 'iRefused', 'closeI ended', 'closed'],
  ['waitConnAck', 'rCer', 'adoptR', 'waitConnAckElect'],
  ['waitConnAck', 'timeout', 'closeI ended', 'closed'],
  ['waitConnAck', 'stop', 'closeI ended', 'closed'],
  ['waitICea', 'iCea', 'openI', 'iOpen'],
  ['waitICea', 'rCer', 'adoptR elect', 'waitReturns'],
  ['waitICea', 'iLost', 'closeI ended', 'closed'],
  ['waitICea', 'iOther', 'closeI ended', 'closed'],
  ['waitICea', 'timeout', 'closeI ended', 'closed'],
  ['waitICea', 'stop', 'closeI ended', 'closed'],
  ['waitConnAckElect', 'iConnected', 'sendCer startCapabilitiesTimer elect', 'waitReturns'],
  ['waitConnAckElect', 'iRefused', 'closeI sendCea openR', 'rOpen'],
  ['waitConnAckElect', 'rLost', 'closeR', 'waitConnAck'],
  ['waitConnAckElect', 'rCer', 'rejectR', 'waitConnAckElect'],
  ['waitConnAckElect', 'timeout', 'closeI closeR ended', 'closed'],
  ['waitConnAckElect', 'stop', 'closeI closeR ended', 'closed'],
  ['waitReturns', 'won', 'closeI sendCea openR', 'rOpen'],
  ['waitReturns', 'iLost', 'closeI sendCea openR', 'rOpen'],
  ['waitReturns', 'iOther', 'closeI sendCea openR', 'rOpen'],
  ['waitReturns', 'iCea', 'closeR openI', 'iOpen'],
  ['waitReturns', 'rLost', 'closeR', 'waitICea'],
  ['waitReturns', 'rCer', 'rejectR', 'waitReturns'],
  ['waitReturns', 'timeout', 'closeI closeR ended', 'closed'],
  ['waitReturns', 'stop', 'closeI closeR ended', 'closed'],
  ['rOpen', 'rCer', 'rejectR', 'rOpen'],
  ['rOpen', 'dpr', 'sendDpa startDisconnectTimer', 'closing'],
  ['rOpen', 'stop', 'sendDpr startDisconnectTimer', 'closing'],
  ['rOpen', 'rLost', 'closeR ended', 'closed'],
  ['iOpen', 'rCer', 'rejectR', 'iOpen'],
  ['iOpen', 'dpr', 'sendDpa startDisconnectTimer', 'closing'],
  ['iOpen', 'stop', 'sendDpr startDisconnectTimer', 'closing'],
  ['iOpen', 'iLost', 'closeI ended', 'closed'],
  ['closing', 'dpa', 'closeI closeR ended', 'closed'],
  ['closing', 'dpr', 'sendDpa', 'closing'],
  ['closing', 'rCer', 'rejectR', 'closing'],
  ['closing', 'iLost', 'closeI ended', 'closed'],
  ['closing', 'rLost', 'closeR ended', 'closed'],
  ['closing', 'timeout', 'closeI closeR ended', 'closed'],
]

describe('Peer state machine', () => {
  for (const [state, event, actions, next] of ROWS)
    test(`RFC 6733 §5.6: ${state} with ${event} goes to ${next}`, () => {
      assert.deepEqual(peerTransition(state, event), { next, effects: actions.split(' ') })
    })

  test('RFC 6733 §5.6: the table has these rows and no other', () => {
    const count = PEER_STATES.reduce((sum, state) => sum + Object.keys(PEER_TABLE[state]).length, 0)
    assert.equal(count, ROWS.length)
  })

  test('RFC 6733 §5.6: every other event leaves the state and does nothing', () => {
    for (const state of PEER_STATES)
      for (const event of PEER_EVENTS)
        if (!ROWS.some((row) => row[0] === state && row[1] === event))
          assert.deepEqual(peerTransition(state, event), { next: state, effects: [] })
  })

  test('RFC 6733 §5.6.4: the greater Origin-Host wins, letter case does not count', () => {
    assert.equal(winsElection('b.example', 'a.example'), true)
    assert.equal(winsElection('a.example', 'B.example'), false)
    assert.equal(winsElection('A.example', 'a.example'), false)
    assert.equal(winsElection('aa', 'a'), true)
  })

  test('RFC 6733 §5.6: the README shows the table as it is', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    for (const [state, event, actions, next] of ROWS) {
      const cells = [state, event, next, actions.replaceAll(' ', ', ')]
      const row = new RegExp(`^\\| ${cells.map((cell) => `${cell} *`).join('\\| ')}\\|$`, 'm')
      assert.match(readme, row)
    }
  })
})
