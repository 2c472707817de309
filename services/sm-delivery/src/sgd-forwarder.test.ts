import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import {
  decodeDiameter,
  encodeMessage,
  type Fields,
  type OutgoingRequest,
  type RequestName,
  readRequest,
  resultOf,
  type SendOptions,
  type SendResult,
} from '@ipsmgw/diameter'
import type { PartForward } from './forwarder.ts'
import { createSgdForwarder, type SgdForwarderOptions } from './sgd-forwarder.ts'

const FILE = new URL('../../../test/vectors/diameter-vectors.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(FILE, 'utf8')) as { vectors: { name: string; hex: string }[] }

function octetsOf(name: string): Buffer {
  return Buffer.from(vectors.find((it) => it.name === name)?.hex ?? '', 'hex')
}

const OPTIONS: SgdForwarderOptions = { serviceCentre: '15550009000', smDeliveryTimerSeconds: 60 }
const NOW_MS = Date.parse('2026-11-22T10:42:00Z')
const TFR = readRequest('TFR', decodeDiameter(octetsOf('tfr')))
const PART: PartForward = {
  node: {
    kind: 'mme',
    protocol: 'sgd',
    host: TFR['Destination-Host'],
    realm: TFR['Destination-Realm'],
    number: '155500070020',
  },
  imsi: '001010000000042',
  tpdu: TFR['SM-RP-UI'],
  part: 1,
  parts: 1,
  moreMessagesToSend: false,
  startedAtMs: NOW_MS,
}

interface Sent {
  readonly name: RequestName
  readonly request: Readonly<Record<string, unknown>>
  readonly options: SendOptions
}

async function forward(
  outcome: SendResult,
  part: Partial<PartForward> = {},
  options: Partial<SgdForwarderOptions> = {},
) {
  const sent: Sent[] = []
  const node = {
    send<M extends RequestName>(name: M, request: OutgoingRequest<M>, options: SendOptions<M>) {
      sent.push({ name, request: request as never, options: options as SendOptions })
      return Promise.resolve(outcome)
    },
  }
  const forwarder = createSgdForwarder(node, { ...OPTIONS, ...options }, () => NOW_MS)
  return { result: await forwarder.session().forward({ ...PART, ...part }), sent }
}

function answerOf(octets: Buffer): SendResult {
  const message = decodeDiameter(octets)
  const result = resultOf(message)
  assert.ok(result)
  return { kind: 'answer', message, result, peer: 'dra.example' }
}

function made(fields: Partial<Fields<'TFA'>>, error = false): SendResult {
  const common = {
    'Session-Id': 'a;1;2',
    'Auth-Session-State': 1,
    'Origin-Host': 'mme.example',
    'Origin-Realm': 'epc.example',
    ...fields,
  }
  return answerOf(encodeMessage('TFA', common, { hopByHopId: 1, endToEndId: 1, error }))
}

function failed(code: number, rest: Partial<Fields<'TFA'>> = {}): SendResult {
  return made({
    'Experimental-Result': { 'Vendor-Id': 10_415, 'Experimental-Result-Code': code },
    ...rest,
  })
}

/** SM delivery failure with this cause and, if any, the octets of the phone's report. */
function deliveryFailure(cause: number, report?: string): SendResult {
  return failed(5_555, {
    'SM-Delivery-Failure-Cause': {
      'SM-Enumerated-Delivery-Failure-Cause': cause,
      ...(report !== undefined && { 'SM-Diagnostic-Info': Buffer.from(report, 'hex') }),
    },
  })
}

describe('TFR', () => {
  test('TS 29.338 §6.2.2: what ties requests about a user without a number together is in the TFR', async () => {
    const correlation = { hssId: '00101', destinationUri: 'sip:bob@ims.example' }
    const { sent } = await forward(made({ 'Result-Code': 2001 }), { correlation })
    assert.deepEqual(sent[0]?.request['SMSMI-Correlation-ID'], {
      'HSS-ID': '00101',
      'Destination-SIP-URI': 'sip:bob@ims.example',
    })
    const plain = await forward(made({ 'Result-Code': 2001 }))
    assert.equal(plain.sent[0]?.request['SMSMI-Correlation-ID'], undefined)
  })

  test('TS 29.338 §6.3.2.5: a part makes the TFR of another stack, less what only a store needs', async () => {
    const { sent } = await forward(answerOf(octetsOf('tfa')))
    const [only, ...others] = sent
    assert.deepEqual(others, [])
    assert.equal(only?.name, 'TFR')
    const filled = ['Session-Id', 'Vendor-Specific-Application-Id', 'Auth-Session-State']
    const unused = ['Origin-Host', 'Origin-Realm', 'Maximum-Retransmission-Time', 'SMS-GMSC-Address']
    const expected = Object.entries(TFR).filter(([name]) => ![...filled, ...unused].includes(name))
    assert.deepEqual(only?.request, Object.fromEntries(expected))
  })

  test('TS 29.338 §6.2.2: the answer is waited for longer than the node’s own timer, and nothing fails over', async () => {
    const { sent } = await forward(answerOf(octetsOf('tfa')))
    assert.deepEqual(sent[0]?.options, { timeoutMs: 65_000 })
  })

  test('TS 29.338 §6.3.3.4: when another part follows the node is told', async () => {
    const { sent } = await forward(answerOf(octetsOf('tfa')), { moreMessagesToSend: true })
    assert.equal(sent[0]?.request['TFR-Flags'], 1)
  })

  test('TS 29.338 §6.3.2.5: an SGSN is named by its own number', async () => {
    const node = { ...PART.node, kind: 'sgsn' } as const
    const { sent } = await forward(answerOf(octetsOf('tfa')), { node })
    assert.equal(sent[0]?.request['SGSN-Number'], '155500070020')
    assert.equal(sent[0]?.request['MME-Number-for-MT-SMS'], undefined)
  })

  test('TS 29.338 §6.3.2.5: a node without a Diameter name is not sent to', async () => {
    const node = { kind: 'mme', protocol: 'sgd', number: '1555' } as const
    const { sent, result } = await forward(answerOf(octetsOf('tfa')), { node })
    assert.equal(sent.length, 0)
    assert.equal(result.kind, 'not-sent')
  })
})

describe('What became of a part', () => {
  const cases: [rule: string, outcome: SendResult, kind: string, cause?: string, proof?: boolean][] = [
    ['§6.2.2: a success without report', answerOf(octetsOf('tfa')), 'delivered'],
    ['§6.2.2: a success with the report of the phone', answerOf(octetsOf('tfa-report')), 'delivered'],
    [
      '§7.3.9: memory full, said by the phone',
      answerOf(octetsOf('tfa-memory')),
      'refused',
      'memoryCapacityExceeded',
      true,
    ],
    ['§7.3.4: absent', answerOf(octetsOf('tfa-absent')), 'refused', 'absentSubscriber'],
    ['§7.3.2: not known at the node', failed(5_001), 'refused', 'unidentifiedSubscriber'],
    ['§7.3.5: busy', failed(5_551), 'refused', 'subscriberBusyForMtSms'],
    [
      '§7.3.9: protocol error without a word of the phone',
      deliveryFailure(1),
      'refused',
      'equipmentProtocolError',
    ],
    [
      '§7.3.9: protocol error with TP-FCS',
      deliveryFailure(1, '008100'),
      'refused',
      'equipmentProtocolError',
      true,
    ],
    [
      'TS 23.040 §9.2.3.22: SIM full behind a protocol error',
      deliveryFailure(1, '00d000'),
      'refused',
      'memoryCapacityExceeded',
      true,
    ],
    [
      'TS 23.040 §9.2.3.22: a duplicate that the phone has already',
      deliveryFailure(1, '00c500'),
      'delivered',
    ],
    [
      '§7.3.9: a diagnostic that is no report',
      deliveryFailure(1, 'ffff'),
      'refused',
      'equipmentProtocolError',
    ],
    ['§7.3.9: a failure without its cause', failed(5_555), 'refused', 'equipmentProtocolError'],
    ['RFC 6733 §7.1.5: unable to comply', made({ 'Result-Code': 5_012 }), 'refused', 'systemFailure'],
    ['RFC 6733 §7.1.3: 3002 of an agent', answerOf(octetsOf('error-3002')), 'unknown'],
    ['RFC 6733 §7.1.3: 3004 of an agent', made({ 'Result-Code': 3_004 }, true), 'unknown'],
    ['silence', { kind: 'no-answer', peer: 'mme.example', reason: 'timeout' }, 'unknown'],
    ['a lost link', { kind: 'no-answer', peer: 'mme.example', reason: 'link-lost' }, 'unknown'],
    [
      'an answer that does not decode',
      { kind: 'no-answer', peer: 'mme.example', reason: 'malformed' },
      'unknown',
    ],
    ['no open peer', { kind: 'not-sent', reason: 'no-peer' }, 'not-sent', 'noRouteToServingNode'],
    ['a full window', { kind: 'not-sent', reason: 'window-full' }, 'not-sent', 'servingNodeBusy'],
  ]
  for (const [rule, outcome, kind, cause, proof] of cases)
    test(`TS 29.338 ${rule} is ${kind}${cause === undefined ? '' : `, ${cause}`}`, async () => {
      const { result } = await forward(outcome)
      assert.equal(result.kind, kind)
      assert.equal('cause' in result ? result.cause : undefined, cause)
      assert.equal('proof' in result ? result.proof : undefined, proof)
    })

  test('RFC 6733 §7.1.3: 3002 and 3004 of an agent that is certain were never forwarded', async () => {
    const options = { certainAgents: ['DRA.example'] }
    const unable = await forward(made({ 'Result-Code': 3_002 }, true), {}, options)
    const busy = await forward(made({ 'Result-Code': 3_004 }, true), {}, options)
    const causes = [unable, busy].map(({ result }) => result.kind === 'not-sent' && result.cause)
    assert.deepEqual(causes, ['noRouteToServingNode', 'servingNodeBusy'])
  })

  test('TS 29.338 §6.3.3.18: the time that the node asks for and the diagnostic are handed on', async () => {
    const { result } = await forward(answerOf(octetsOf('tfa-absent')))
    assert.ok(result.kind === 'refused')
    assert.match(result.detail ?? '', /10415:5550, diagnostic 1$/)
    assert.ok((result.retryAfterSeconds ?? 0) > 0)
  })
})
