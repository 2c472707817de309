import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { INVITE_EVENTS, INVITE_STATES, INVITE_TABLE, inviteTransition } from './invite-fsm.ts'

describe('RFC 3261 §17.2.1, RFC 6026: the INVITE server transaction', () => {
  test('every event in every state has a step to a state that exists', () => {
    for (const state of INVITE_STATES)
      for (const event of INVITE_EVENTS) assert.ok(INVITE_STATES.includes(INVITE_TABLE[state][event].next))
  })

  const paths: readonly [string, boolean, readonly string[], string, readonly string[]][] = [
    [
      'a 2xx is repeated until its ACK, copies of the INVITE are absorbed until 64·T1',
      true,
      ['success', 'timerG', 'retransmission', 'ack', 'timerG', 'retransmission', 'ack', 'timerH'],
      'terminated',
      ['sendFinal', 'startG', 'startH', 'repeatFinal', 'startG', 'stopG', 'reportAcknowledged', 'destroy'],
    ],
    [
      'a 2xx without ACK is told',
      false,
      ['success', 'timerG', 'timerH'],
      'terminated',
      ['sendFinal', 'startG', 'startH', 'repeatFinal', 'startG', 'reportUnacknowledged', 'destroy'],
    ],
    [
      'UDP: another final is repeated by Timer G and for copies, until its ACK, which is absorbed for Timer I',
      false,
      ['failure', 'timerG', 'retransmission', 'ack', 'ack', 'retransmission', 'timerI'],
      'terminated',
      ['sendFinal', 'startG', 'startH', 'repeatFinal', 'startG', 'repeatFinal', 'stopG', 'startI', 'destroy'],
    ],
    [
      'TCP: another final is sent once, and its ACK is the end',
      true,
      ['failure', 'ack'],
      'terminated',
      ['sendFinal', 'startH', 'destroy'],
    ],
    [
      'without an ACK Timer H is the end',
      true,
      ['failure', 'timerH'],
      'terminated',
      ['sendFinal', 'startH', 'destroy'],
    ],
    [
      'before the final copies get the 100',
      false,
      ['retransmission', 'timerTrying', 'ack'],
      'proceeding',
      ['sendTrying', 'sendTrying'],
    ],
    [
      'a second final is discarded',
      false,
      ['success', 'failure', 'success'],
      'accepted',
      ['sendFinal', 'startG', 'startH', 'discardFinal', 'discardFinal'],
    ],
  ]
  for (const [what, reliable, events, last, expected] of paths)
    test(what, () => {
      let state: (typeof INVITE_STATES)[number] = 'proceeding'
      const effects = events.flatMap((event) => {
        const step = inviteTransition(state, event as (typeof INVITE_EVENTS)[number], reliable)
        state = step.next
        return step.effects
      })
      assert.deepEqual([state, effects], [last, expected])
    })
})
