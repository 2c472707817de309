import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAP_ERRORS, type MapError, type MapOutcome, type NotExecuted, type UnknownReason } from '@ipsmgw/map'
import { causeOfMapForward, causeOfMapRouting } from './map.ts'
import { causeRow } from './table.ts'

const version = 3
const forwardError = (error: MapError) => causeOfMapForward({ kind: 'error', error, version })
const routingError = (error: MapError) => causeOfMapRouting({ kind: 'error', error, version })

/** error, to a forward, what it proves, to a routing query. */
const ERRORS: readonly [keyof typeof MAP_ERRORS, string, string, string][] = [
  ['unknownSubscriber', 'systemFailure', 'unknown', 'unknownSubscriber'],
  ['unidentifiedSubscriber', 'unidentifiedSubscriber', 'proof', 'unknownSubscriber'],
  ['absentSubscriberSM', 'absentSubscriber', 'proof', 'absentSubscriber'],
  ['absentSubscriber', 'absentSubscriber', 'proof', 'absentSubscriber'],
  ['illegalSubscriber', 'illegalSubscriber', 'proof', 'illegalSubscriber'],
  ['illegalEquipment', 'illegalEquipment', 'proof', 'illegalEquipment'],
  ['teleserviceNotProvisioned', 'systemFailure', 'unknown', 'teleserviceNotProvisioned'],
  ['callBarred', 'systemFailure', 'unknown', 'callBarred'],
  ['facilityNotSupported', 'facilityNotSupported', 'proof', 'facilityNotSupported'],
  ['subscriberBusyForMtSms', 'subscriberBusyForMtSms', 'proof', 'routingFailed'],
  ['smDeliveryFailure', 'equipmentProtocolError', 'unknown', 'routingFailed'],
  ['messageWaitingListFull', 'systemFailure', 'unknown', 'routingFailed'],
  ['systemFailure', 'systemFailure', 'unknown', 'routingFailed'],
  ['dataMissing', 'protocolDefect', 'unknown', 'protocolDefect'],
  ['unexpectedDataValue', 'protocolDefect', 'unknown', 'protocolDefect'],
]

test('TS 29.002 §17.6.6: every MAP error has its row', () => {
  assert.deepEqual(ERRORS.map(([name]) => name).sort(), Object.keys(MAP_ERRORS).sort())
})

for (const [error, forward, proves, routing] of ERRORS)
  test(`TS 29.002 §17.6.6: ${error} is ${forward} (${proves}) to a forward, ${routing} to a query`, () => {
    const verdict = forwardError({ error })
    assert.deepEqual([verdict.cause, verdict.outcome], [forward, proves])
    assert.deepEqual(routingError({ error }), { cause: routing, outcome: 'proof' })
  })

test('TS 29.002 §17.6.6: an error of the future proves nothing to a forward', () => {
  const verdict = forwardError({ error: 'unknown', code: 199 })
  assert.deepEqual(verdict, { cause: 'systemFailure', outcome: 'unknown', detail: 'MAP error 199' })
  assert.equal(routingError({ error: 'unknown', code: 199 })?.cause, 'routingFailed')
})

test('TS 29.002 §17.7.7: the causes of sm-DeliveryFailure', () => {
  const causes = [0, 1, 2, 3, 4, 5, 6, 7].map(
    (cause) => forwardError({ error: 'smDeliveryFailure', parameter: { cause } }).cause,
  )
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

test('TS 23.040 §9.2.3.22: a TP-FCS is the word of the phone, its absence may hide a time-out', () => {
  const failure = (cause: number, report?: string) =>
    forwardError({
      error: 'smDeliveryFailure',
      parameter: { cause, ...(report !== undefined && { diagnosticInfo: Buffer.from(report, 'hex') }) },
    })
  assert.equal(failure(1).outcome, 'unknown')
  assert.equal(failure(1, '').outcome, 'unknown')
  assert.equal(failure(1, '0000').outcome, 'unknown')
  assert.deepEqual(failure(1, '00ff00'), {
    cause: 'equipmentProtocolError',
    outcome: 'proof',
    detail: 'unspecifiedErrorCause',
  })
  assert.deepEqual(failure(0, '00d300'), {
    cause: 'memoryCapacityExceeded',
    outcome: 'proof',
    detail: 'memoryCapacityExceeded',
  })
  assert.equal(failure(1, '00d000').cause, 'memoryCapacityExceeded')
  assert.deepEqual(failure(1, '00c500'), {
    cause: 'delivered',
    outcome: 'delivered',
    detail: 'smRejectedDuplicate',
  })
})

/** Certain: nothing was executed. */
const PROOFS: readonly [NotExecuted, string, string][] = [
  [{ reason: 'notSent', sendReason: 'noTranslation' }, 'noRouteToServingNode', 'routingNoAnswer'],
  [{ reason: 'notSent', sendReason: 'destinationCongested' }, 'servingNodeBusy', 'routingCongested'],
  [{ reason: 'notSent', sendReason: 'tooManyDialogues' }, 'servingNodeBusy', 'routingCongested'],
  [{ reason: 'returned', returnCause: 1 }, 'noRouteToServingNode', 'routingNoAnswer'],
  [{ reason: 'returned', returnCause: 6 }, 'servingNodeBusy', 'routingCongested'],
  [{ reason: 'refused' }, 'noRouteToServingNode', 'routingNoAnswer'],
  [{ reason: 'abortedAtOnce', pAbortCause: 1 }, 'noRouteToServingNode', 'routingNoAnswer'],
  [{ reason: 'abortedAtOnce', pAbortCause: 4 }, 'servingNodeBusy', 'routingCongested'],
  [{ reason: 'neverOpened' }, 'noRouteToServingNode', 'routingNoAnswer'],
]

for (const [why, forward, routing] of PROOFS)
  test(`design §4 rule 6: ${Object.values(why).join(' ')} is proof, and lets another node try`, () => {
    const verdict = causeOfMapForward({ kind: 'notExecuted', ...why })
    assert.deepEqual([verdict.cause, verdict.outcome], [forward, 'proof'])
    assert.equal(causeRow(verdict.cause).action, 'other-node')
    const answer = causeOfMapRouting({ kind: 'notExecuted', ...why })
    assert.deepEqual([answer?.cause, answer?.outcome], [routing, 'proof'])
  })

const UNKNOWN: readonly UnknownReason[] = ['timeout', 'aborted', 'noAnswer', 'malformed', 'closed']

for (const reason of UNKNOWN)
  test(`design §4 rule 6: ${reason} leaves a forward unknown, and a query certain`, () => {
    const detail = reason
    assert.deepEqual(causeOfMapForward({ kind: 'unknown', reason }), {
      cause: 'outcomeUnknown',
      outcome: 'unknown',
      detail,
    })
    assert.deepEqual(causeOfMapRouting({ kind: 'unknown', reason }), {
      cause: 'routingNoAnswer',
      outcome: 'proof',
      detail,
    })
  })

test('Q.773 §4.2.2.6: a reject is our defect, and proves nothing about the phone', () => {
  const rejected = { kind: 'rejected', problem: { type: 'invoke', code: 2 }, version } as const
  const verdict = causeOfMapForward(rejected)
  assert.deepEqual([verdict.cause, verdict.outcome], ['protocolDefect', 'unknown'])
  assert.equal(causeOfMapRouting(rejected)?.cause, 'protocolDefect')
})

test('TS 29.002 §12.1: a result has delivered; a routing result has no cause, unless it is empty', () => {
  const delivered: MapOutcome<'mtForwardSM'> = { kind: 'result', result: undefined, version }
  assert.deepEqual(causeOfMapForward(delivered), { cause: 'delivered', outcome: 'delivered' })
  const result = { imsi: '001010123456789', locationInfo: {} }
  assert.equal(causeOfMapRouting({ kind: 'result', result, version }), undefined)
  assert.equal(causeOfMapRouting({ kind: 'result', result: undefined, version })?.cause, 'routingFailed')
})

test('TS 29.002 §17.7.7: diagnostics are kept for humans', () => {
  const error = { error: 'absentSubscriberSM', parameter: { absentSubscriberDiagnosticSM: 6 } } as const
  assert.equal(forwardError(error).detail, 'diagnostic 6')
  assert.equal(routingError(error)?.detail, 'diagnostic 6')
})
