import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Cause, homeOutcomeOf, type NodeEnding } from '@ipsmgw/causes'
import type { OutgoingRequest, SendResult } from '@ipsmgw/diameter'
import type { NodeOutcome, SmOutcome } from '@ipsmgw/events'
import type { Argument } from '@ipsmgw/map'
import { reportedNodes } from './delivery-status.ts'
import { createDiameterStatus } from './diameter-status.ts'
import { createMapStatus } from './map-status.ts'

const OPTIONS = { hssRealm: 'epc.example', serviceCentre: '15550009000', attemptMs: 1_500, budgetMs: 4_000 }

type Kind = NodeOutcome['kind']
type Tried = readonly [Kind, 'delivered' | NodeEnding]

interface Row {
  readonly tried: readonly Tried[]
  readonly ending: SmOutcome['ending']
  /** The home network was asked to keep nothing. */
  readonly single?: true
  /** It keeps this service centre in its list. */
  readonly waiting?: true
  /** SM-Delivery-Outcome of the RDR, or none. */
  readonly rdr?: Readonly<Record<string, object>>
  /** Outcome fields of reportSM-DeliveryStatus, or none. */
  readonly map?: Partial<Argument<'reportSmDeliveryStatus'>>
}

const at = (kind: Kind, cause: Cause, rest: Partial<NodeEnding> = {}): Tried => [kind, { cause, ...rest }]
const absent = (diagnostic?: number) => ({
  'SM-Delivery-Cause': 1,
  ...(diagnostic !== undefined && { 'Absent-User-Diagnostic-SM': diagnostic }),
})
const SUCCESS = { 'SM-Delivery-Cause': 2 }
const FULL = { 'SM-Delivery-Cause': 0 }

/** Causes of which the home network hears nothing. */
const NOT_ITS_AFFAIR: readonly Cause[] = [
  'subscriberBusyForMtSms',
  'facilityNotSupported',
  'illegalSubscriber',
  'illegalEquipment',
  'callBarred',
  'equipmentProtocolError',
  'equipmentNotSmEquipped',
  'unknownServiceCentre',
  'scCongestion',
  'invalidSmeAddress',
  'subscriberNotScSubscriber',
  'systemFailure',
  'noRouteToServingNode',
  'expiredBeforeForward',
]

/** docs/protocols/diameter.md, "Reports to the home network": every row, with the fields of both protocols. */
const ROWS: readonly Row[] = [
  // Delivered: only where there is something to forget.
  { tried: [['mme', 'delivered']], ending: 'delivered' },
  { tried: [['mme', 'delivered']], ending: 'delivered', single: true },
  {
    tried: [['mme', 'delivered']],
    ending: 'delivered',
    waiting: true,
    rdr: { 'MME-SM-Delivery-Outcome': SUCCESS },
    map: { smDeliveryOutcome: 2 },
  },
  {
    tried: [['sgsn', 'delivered']],
    ending: 'delivered',
    single: true,
    waiting: true,
    rdr: { 'SGSN-SM-Delivery-Outcome': SUCCESS },
    map: { smDeliveryOutcome: 2, deliveryOutcomeIndicator: true, gprsSupportIndicator: true },
  },
  // Absent, with the diagnostic that the node gave or without.
  {
    tried: [at('mme', 'absentSubscriber', { diagnostic: 1 })],
    ending: 'failed',
    rdr: { 'MME-SM-Delivery-Outcome': absent(1) },
    map: { smDeliveryOutcome: 1, absentSubscriberDiagnosticSM: 1 },
  },
  {
    tried: [at('msc', 'absentSubscriber')],
    ending: 'failed',
    rdr: { 'MSC-SM-Delivery-Outcome': absent() },
    map: { smDeliveryOutcome: 1 },
  },
  { tried: [at('mme', 'absentSubscriber', { diagnostic: 0, retryGiven: true })], ending: 'failed' },
  // Asked to keep nothing: nothing to say, unless it keeps something from before.
  { tried: [at('mme', 'absentSubscriber', { diagnostic: 1 })], ending: 'failed', single: true },
  {
    tried: [at('mme', 'absentSubscriber', { diagnostic: 1 })],
    ending: 'failed',
    single: true,
    waiting: true,
    rdr: { 'MME-SM-Delivery-Outcome': absent(1) },
    map: { smDeliveryOutcome: 1, absentSubscriberDiagnosticSM: 1 },
  },
  // The node does not know the phone.
  {
    tried: [at('msc', 'unidentifiedSubscriber')],
    ending: 'failed',
    rdr: { 'MSC-SM-Delivery-Outcome': absent(9) },
    map: { smDeliveryOutcome: 1, absentSubscriberDiagnosticSM: 9 },
  },
  {
    tried: [at('sgsn', 'unidentifiedSubscriber')],
    ending: 'failed',
    rdr: { 'SGSN-SM-Delivery-Outcome': absent(10) },
    map: {
      smDeliveryOutcome: 1,
      absentSubscriberDiagnosticSM: 10,
      deliveryOutcomeIndicator: true,
      gprsSupportIndicator: true,
    },
  },
  // Memory full.
  {
    tried: [at('smsf', 'memoryCapacityExceeded')],
    ending: 'failed',
    rdr: { 'SMSF-3GPP-SM-Delivery-Outcome': FULL },
    map: { smDeliveryOutcome: 0, smsf3gppDeliveryOutcomeIndicator: true },
  },
  { tried: [at('mme', 'memoryCapacityExceeded')], ending: 'failed', single: true },
  // Two nodes: each has its group.
  {
    tried: [
      at('mme', 'absentSubscriber', { diagnostic: 1 }),
      at('sgsn', 'absentSubscriber', { diagnostic: 6 }),
    ],
    ending: 'failed',
    rdr: { 'MME-SM-Delivery-Outcome': absent(1), 'SGSN-SM-Delivery-Outcome': absent(6) },
    map: {
      smDeliveryOutcome: 1,
      absentSubscriberDiagnosticSM: 1,
      gprsSupportIndicator: true,
      additionalSmDeliveryOutcome: 1,
      additionalAbsentSubscriberDiagnosticSM: 6,
    },
  },
  {
    tried: [at('mme', 'absentSubscriber', { diagnostic: 0 }), ['sgsn', 'delivered']],
    ending: 'delivered',
    waiting: true,
    rdr: { 'MME-SM-Delivery-Outcome': absent(0), 'SGSN-SM-Delivery-Outcome': SUCCESS },
    map: {
      smDeliveryOutcome: 1,
      absentSubscriberDiagnosticSM: 0,
      gprsSupportIndicator: true,
      additionalSmDeliveryOutcome: 2,
    },
  },
  // MME and MSC share one place: the later knowledge stands.
  {
    tried: [at('mme', 'absentSubscriber', { diagnostic: 1 }), at('msc', 'memoryCapacityExceeded')],
    ending: 'failed',
    rdr: { 'MSC-SM-Delivery-Outcome': FULL },
    map: { smDeliveryOutcome: 0 },
  },
  // Nobody knows whether the phone has it: then nobody may claim that it was absent either.
  { tried: [at('mme', 'outcomeUnknown')], ending: 'unknown', waiting: true },
  {
    tried: [at('mme', 'absentSubscriber', { diagnostic: 1 }), at('sgsn', 'outcomeUnknown')],
    ending: 'unknown',
    waiting: true,
  },
  ...NOT_ITS_AFFAIR.map((cause): Row => ({ tried: [at('mme', cause)], ending: 'failed', waiting: true })),
]

function outcomeOf({ tried, ending, ...row }: Row): SmOutcome {
  const { single = false, waiting = false }: { single?: boolean; waiting?: boolean } = row
  return {
    messageId: 'm'.repeat(32),
    recipientKey: 'k'.repeat(32),
    deliveryKey: 'd'.repeat(32),
    receivedAtMs: 0,
    answerByMs: 25_000,
    forwardByMs: 20_000,
    reply: { ordinal: 0, bootId: 'b' },
    atMs: 1,
    imsi: '001010000000001',
    home: {
      protocol: 's6c',
      host: 'hss1.epc.example',
      msisdn: '15550001042',
      waiting,
      singleAttempt: single,
    },
    ending,
    nodes: tried.map(([kind, how]) =>
      how === 'delivered' ? { kind, outcome: how } : homeOutcomeOf(kind, how),
    ),
  }
}

function title({ tried, ending, single, waiting }: Row): string {
  const nodes = tried.map(([kind, how]) => `${kind} ${how === 'delivered' ? how : how.cause}`).join(', ')
  return `${nodes}: ${ending}${single ? ', single attempt' : ''}${waiting ? ', waiting data' : ''}`
}

const done: SendResult = {
  kind: 'answer',
  message: { version: 1 } as never,
  result: { vendorId: 0, code: 2001 },
  peer: 'hss1.epc.example',
}

describe('TS 23.040 §9, TS 29.338 §5.2.3, TS 29.002 §12.3: what the home network is told', () => {
  for (const row of ROWS)
    test(title(row), async () => {
      const outcome = outcomeOf(row)
      const nodes = reportedNodes(outcome)
      assert.equal(nodes.length > 0, row.rdr !== undefined)
      if (nodes.length === 0) return
      let rdr: OutgoingRequest<'RDR'> | undefined
      const overDiameter = createDiameterStatus(
        {
          send: (_name, request) => {
            rdr = request as unknown as OutgoingRequest<'RDR'>
            return Promise.resolve(done)
          },
        },
        OPTIONS,
      )
      assert.deepEqual(await overDiameter(outcome, nodes, 1), { kind: 'done' })
      assert.deepEqual(rdr, {
        'Destination-Host': 'hss1.epc.example',
        'Destination-Realm': 'epc.example',
        'User-Identifier': { MSISDN: '15550001042' },
        'SC-Address': '15550009000',
        'SM-Delivery-Outcome': row.rdr,
        ...(row.single && { 'RDR-Flags': 1 }),
      })
      let report: Argument<'reportSmDeliveryStatus'> | undefined
      const overMap = createMapStatus(
        {
          reportSmDeliveryStatus: (_destination, argument) => {
            report = argument
            return Promise.resolve({ kind: 'result', version: 3, result: undefined })
          },
        },
        OPTIONS,
      )
      assert.deepEqual(await overMap(outcome, nodes, 1), { kind: 'done' })
      const { msisdn, serviceCentreAddress, singleAttemptDelivery, ...fields } = report ?? assert.fail()
      assert.equal(msisdn.digits, '15550001042')
      assert.equal(serviceCentreAddress.digits, '15550009000')
      assert.equal(singleAttemptDelivery, row.single)
      assert.deepEqual(fields, row.map)
    })

  test('TS 29.338 §5.2.3: a user without a number is told of by the IMSI, with what ties the requests together', async () => {
    let rdr: OutgoingRequest<'RDR'> | undefined
    const status = createDiameterStatus(
      {
        send: (_name, request) => {
          rdr = request as unknown as OutgoingRequest<'RDR'>
          return Promise.resolve(done)
        },
      },
      OPTIONS,
    )
    const outcome = outcomeOf({ tried: [at('mme', 'memoryCapacityExceeded')], ending: 'failed' })
    const { msisdn: _, ...home } = outcome.home
    const correlation = {
      hssId: '00101',
      originatingUri: 'sip:alice@ims.example',
      destinationUri: 'sip:bob@ims.example',
    }
    await status({ ...outcome, home: { ...home, correlation } }, reportedNodes(outcome), 1)
    assert.deepEqual(rdr?.['User-Identifier'], { 'User-Name': outcome.imsi })
    assert.deepEqual(rdr?.['SMSMI-Correlation-ID'], {
      'HSS-ID': '00101',
      'Originating-SIP-URI': 'sip:alice@ims.example',
      'Destination-SIP-URI': 'sip:bob@ims.example',
    })
  })

  test('an HSS that cannot be reached is asked no more by its name: any of the realm may take the report', async () => {
    const hosts: unknown[] = []
    const status = createDiameterStatus(
      {
        send: (_name, request) => {
          hosts.push((request as { 'Destination-Host'?: string })['Destination-Host'])
          return Promise.resolve({ kind: 'not-sent', reason: 'no-peer' })
        },
      },
      OPTIONS,
    )
    const outcome = outcomeOf({ tried: [at('mme', 'memoryCapacityExceeded')], ending: 'failed' })
    for (const attempt of [1, 2])
      assert.equal((await status(outcome, reportedNodes(outcome), attempt)).kind, 'again')
    assert.deepEqual(hosts, ['hss1.epc.example', undefined])
  })
})

describe('RFC 6733 §7.1, TS 29.338 §7.3: what is made of an RDA', () => {
  const ROWS_OF_RESULTS = [
    [0, 2001, 'done'],
    [10415, 5558, 'list-full'],
    [10415, 5001, 'refused'],
    [0, 5004, 'refused'],
    [0, 5012, 'again'],
    [0, 3002, 'again'],
    [0, 3004, 'again'],
    [0, 4002, 'again'],
  ] as const
  for (const [vendorId, code, kind] of ROWS_OF_RESULTS)
    test(`${vendorId}:${code} is ${kind}`, async () => {
      const answer = { ...done, result: { vendorId, code } }
      const status = createDiameterStatus({ send: () => Promise.resolve(answer) }, OPTIONS)
      const outcome = outcomeOf({ tried: [['mme', 'delivered']], ending: 'delivered', waiting: true })
      assert.equal((await status(outcome, reportedNodes(outcome), 1)).kind, kind)
    })
})
