import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { answerFor } from './answer.ts'
import { causeOfForward, causeOfRouting, causeOfServiceData } from './diameter.ts'
import { CAUSES, type Cause, causeNamed, causeRow } from './table.ts'

const names = Object.keys(CAUSES) as Cause[]
const options = { host: 'gw.example' }

/** cause, SIP status, Q.850 cause, what the gateway may do: docs/protocols/sip-answers.md. */
const TABLE: readonly [Cause, number, number | undefined, string][] = [
  ['delivered', 200, undefined, 'none'],
  ['unknownSubscriber', 404, 1, 'none'],
  ['unidentifiedSubscriber', 480, 20, 'ask-routing-again'],
  ['teleserviceNotProvisioned', 403, 50, 'none'],
  ['callBarred', 403, 21, 'none'],
  ['facilityNotSupported', 480, 69, 'other-node'],
  ['absentSubscriber', 480, 20, 'other-node'],
  ['subscriberBusyForMtSms', 486, 17, 'same-node-later'],
  ['memoryCapacityExceeded', 480, 47, 'none'],
  ['equipmentProtocolError', 480, 111, 'none'],
  ['equipmentNotSmEquipped', 480, 88, 'other-node'],
  ['unknownServiceCentre', 500, 3, 'none'],
  ['scCongestion', 480, 42, 'none'],
  ['invalidSmeAddress', 404, 28, 'none'],
  ['subscriberNotScSubscriber', 403, 21, 'none'],
  ['illegalSubscriber', 403, 21, 'none'],
  ['illegalEquipment', 403, 21, 'none'],
  ['systemFailure', 480, 38, 'none'],
  ['protocolDefect', 500, 96, 'none'],
  ['routingNoAnswer', 480, 102, 'alternate-peer'],
  ['routingCongested', 480, 42, 'alternate-peer'],
  ['noRouteToServingNode', 480, 38, 'other-node'],
  ['outcomeUnknown', 202, undefined, 'none'],
  ['routingLoop', 480, 25, 'none'],
  ['smsOverImsOnly', 480, 88, 'none'],
  ['notAuthorised', 403, undefined, 'none'],
  ['notAuthorisedAtHome', 403, undefined, 'none'],
  ['anonymityDisallowed', 433, undefined, 'none'],
  ['noSubscriberNumber', 404, 1, 'none'],
  ['numberInvalid', 484, 28, 'none'],
  ['tooLong', 413, undefined, 'none'],
  ['overloaded', 503, undefined, 'none'],
]

describe('causes: the table', () => {
  for (const [cause, status, q850, action] of TABLE)
    test(`${cause} is answered ${status}${q850 === undefined ? '' : ` with Q.850 ${q850}`}`, () => {
      const row = causeRow(cause)
      assert.deepEqual([row.status, row.q850, row.action], [status, q850, action])
    })

  test('RFC 3428 §7: no cause is answered 408 or 6xx, and 503 only for ourselves', () => {
    for (const name of names) {
      const { status } = causeRow(name)
      assert.ok(status !== 408 && status < 600, name)
      assert.equal(status === 503, name === 'overloaded', name)
    }
  })

  test('another node is tried only on proof of non-delivery', () => {
    for (const name of names)
      if (causeRow(name).action === 'other-node') assert.equal(causeRow(name).outcome, 'proof', name)
  })

  test('an unknown name is taken for the default', () =>
    assert.equal(causeNamed('fromTheFuture'), 'systemFailure'))
})

describe('causes: Diameter results', () => {
  const gpp = (code: number, deliveryFailureCause?: number) => ({
    vendorId: 10415,
    code,
    ...(deliveryFailureCause !== undefined && { deliveryFailureCause }),
  })
  const base = (code: number) => ({ vendorId: 0, code })

  test('5001 is USER_UNKNOWN only with the 3GPP vendor', () => {
    assert.equal(causeOfRouting(gpp(5001)), 'unknownSubscriber')
    assert.equal(causeOfForward(gpp(5001)), 'unidentifiedSubscriber')
    assert.equal(causeOfRouting(base(5001)), 'protocolDefect')
    assert.equal(causeOfForward(base(5001)), 'protocolDefect')
  })

  test('TS 29.338 §7.3.19: 5555 is read by its delivery failure cause', () => {
    const causes = [0, 1, 2, 3, 4, 5, 6, 99].map((n) => causeOfForward(gpp(5555, n)))
    assert.deepEqual(causes, [
      'memoryCapacityExceeded',
      'equipmentProtocolError',
      'equipmentNotSmEquipped',
      'unknownServiceCentre',
      'scCongestion',
      'invalidSmeAddress',
      'subscriberNotScSubscriber',
      'equipmentProtocolError',
    ])
  })

  test('3002 and 3004 prove nothing about a forward, and are temporary for a query', () => {
    assert.equal(causeOfForward(base(3002)), 'outcomeUnknown')
    assert.equal(causeOfForward(base(3004)), 'outcomeUnknown')
    assert.equal(causeOfRouting(base(3002)), 'routingNoAnswer')
    assert.equal(causeOfRouting(base(3004)), 'routingCongested')
  })

  test('an unknown code goes by its class: temporary unless it says our request is at fault', () => {
    assert.equal(causeOfForward(base(5012)), 'systemFailure')
    assert.equal(causeOfForward(base(4999)), 'systemFailure')
    assert.equal(causeOfForward(base(5005)), 'protocolDefect')
  })

  test('Sh: unknown user is final, everything else fails closed', () => {
    assert.equal(causeOfServiceData(gpp(5001)), 'unknownSubscriber')
    assert.equal(causeOfServiceData(gpp(4100)), 'serviceDataUnavailable')
    assert.equal(causeOfServiceData(gpp(5102)), 'serviceDataRefused')
  })
})

describe('causes: the SIP answer', () => {
  test('absent subscriber: Reason, and the diagnostic in Warning', () => {
    assert.deepEqual(answerFor('absentSubscriber', options, { detail: 'IMSI detached' }), {
      status: 480,
      reasonPhrase: 'Temporarily Unavailable',
      headers: [
        ['Reason', 'Q.850;cause=20;text="absent subscriber"'],
        ['Warning', '399 gw.example "SMS not delivered: absent subscriber, IMSI detached"'],
      ],
    })
  })

  test('not authorised: clients search the Warning for exactly these words', () => {
    assert.deepEqual(answerFor('notAuthorised', options).headers, [
      ['Warning', '399 gw.example "127 Service not authorised"'],
    ])
  })

  test('memory full: the Warning says just that', () => {
    assert.ok(
      answerFor('memoryCapacityExceeded', options).headers.some(
        ([, v]) => v === '399 gw.example "Recipient memory full"',
      ),
    )
  })

  test('Retry-After stands only where RFC 3428 allows it, and the network’s own time wins', () => {
    const retryAfter = (cause: Cause, seconds?: number) =>
      answerFor(cause, options, seconds === undefined ? {} : { retryAfterSeconds: seconds }).headers.find(
        ([name]) => name === 'Retry-After',
      )?.[1]
    assert.equal(retryAfter('subscriberBusyForMtSms'), '10')
    assert.equal(retryAfter('subscriberBusyForMtSms', 3), '3')
    assert.equal(retryAfter('callBarred', 3), undefined)
  })

  test('an operator may change the status of a cause, and 200 and 202 carry no extra headers', () => {
    assert.equal(
      answerFor('routingNoAnswer', { ...options, overrides: { routingNoAnswer: 504 } }).status,
      504,
    )
    assert.deepEqual(answerFor('outcomeUnknown', options).headers, [])
  })
})
