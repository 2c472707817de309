import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Fields, IncomingRequest, OutgoingAnswer, RequestHandler } from '@ipsmgw/diameter'
import { type RecipientAvailable, recipientAvailable } from '@ipsmgw/events'
import { internationalNumber, type MapRequest } from '@ipsmgw/map'
import { KeyMaker } from '@ipsmgw/numbering'
import { SccpAddress, Ssn } from '@ipsmgw/sccp'
import { mapAlertHandlers, serveAlerts } from './alert-handlers.ts'
import { Alerts, type AlertVerdict } from './alerts.ts'

const SERVICE_CENTRE = '15550009000'
const keys = new KeyMaker(Buffer.alloc(32, 7))

function desk(publish: () => Promise<void> = async () => {}) {
  const events: RecipientAvailable[] = []
  const verdicts: AlertVerdict[] = []
  const alerts = new Alerts(
    { serviceCentre: SERVICE_CENTRE },
    {
      keys,
      now: () => 1_790_000_000_000,
      async publish(event) {
        await publish()
        events.push(event)
      },
      alerted: (_protocol, verdict) => verdicts.push(verdict),
    },
  )
  let handler: RequestHandler<'ALR'> | undefined
  serveAlerts(
    {
      handle(_name, it) {
        handler = it as unknown as RequestHandler<'ALR'>
      },
    },
    alerts,
  )
  const alr = (fields: Partial<Fields<'ALR'>>, endToEndId = 1) =>
    handler?.({
      name: 'ALR',
      peer: 'dra.example',
      fields: {
        'Origin-Host': 'hss1.example',
        'SC-Address': SERVICE_CENTRE,
        'User-Identifier': { MSISDN: '15550001042' },
        ...fields,
      },
      message: { endToEndId },
    } as unknown as IncomingRequest<'ALR'>) as Promise<OutgoingAnswer<'ALR'>>
  return { alerts, events, verdicts, alr }
}

const request = {
  calling: SccpAddress.e164('15550008000', Ssn.hlr),
  dialogueId: 1,
  version: 2,
} as unknown as MapRequest

describe('TS 29.338 §5.2.2: alerts over Diameter', () => {
  test('an ALR of the HSS becomes the event, keyed as the phone’s own messages are', async () => {
    const { alr, events } = desk()
    assert.deepEqual(await alr({}), { 'Result-Code': 2001 })
    assert.equal(events[0]?.msisdn, '15550001042')
    assert.equal(events[0]?.deliveryKey, keys.keyOf('+15550001042'))
    assert.equal(events[0]?.newNode, false)
  })

  test('an MME alerts by IMSI, says until when, and that the node is new', async () => {
    const { alr, events } = desk()
    await alr({
      'Origin-Host': 'mme1.example',
      'User-Identifier': { 'User-Name': '001010000000001' },
      'Maximum-UE-Availability-Time': new Date(1_790_000_060_000),
      'SMS-GMSC-Alert-Event': 2,
    })
    const { imsi, untilMs, newNode } = events[0] ?? assert.fail()
    assert.deepEqual(
      { imsi, untilMs, newNode },
      { imsi: '001010000000001', untilMs: 1_790_000_060_000, newNode: true },
    )
  })

  test('TS 29.338 §5.2.2: of a user without a number SMSMI-Correlation-ID says who it is, and goes along', async () => {
    const { alr, events } = desk()
    const correlation = {
      'HSS-ID': '00101',
      'Originating-SIP-URI': 'sip:alice@ims.example',
      'Destination-SIP-URI': 'sip:Bob@IMS.example;user=ip',
    }
    const carried = {
      hssId: '00101',
      originatingUri: 'sip:alice@ims.example',
      destinationUri: 'sip:Bob@ims.example',
    }
    const rows = [
      // HSS-ID in User-Name, as in SRR: digits, and yet nobody's IMSI.
      [{ 'User-Name': '00101' }, undefined, 'sip:Bob@ims.example'],
      [{}, undefined, 'sip:Bob@ims.example'],
      [{ 'User-Name': '001010000000001' }, '001010000000001', '001010000000001'],
    ] as const
    for (const [index, [identifier, imsi, subject]] of rows.entries()) {
      const fields = { 'User-Identifier': identifier, 'SMSMI-Correlation-ID': correlation }
      assert.deepEqual(await alr(fields, index), { 'Result-Code': 2001 })
      const event = events[index] ?? assert.fail()
      assert.deepEqual([event.correlation, event.imsi, event.msisdn], [carried, imsi, undefined])
      assert.equal(event.deliveryKey, keys.keyOf(subject))
      assert.deepEqual(recipientAvailable.decode(recipientAvailable.encode(event)), event)
    }
  })

  test('a correlation that names nobody, one beyond all bounds and a User-Name that is no IMSI are nobody', async () => {
    const { alr, events, verdicts } = desk()
    for (const [index, fields] of [
      { 'SMSMI-Correlation-ID': { 'HSS-ID': '00101' } },
      { 'SMSMI-Correlation-ID': { 'Destination-SIP-URI': 'sip:bob@ims.example' } },
      { 'SMSMI-Correlation-ID': { 'HSS-ID': 'h', 'Destination-SIP-URI': `sip:${'b'.repeat(3_000)}@a` } },
      { 'User-Identifier': { 'User-Name': 'hss1' } },
    ].entries())
      assert.deepEqual(await alr({ 'User-Identifier': {}, ...fields }, index), { 'Result-Code': 5005 })
    assert.deepEqual([events, new Set(verdicts)], [[], new Set(['nobody'])])
  })

  test('RFC 6733 §3: a copy over another path is answered and told nobody; another replica gives it the same id', async () => {
    const one = desk()
    const other = desk()
    await one.alr({}, 7)
    assert.deepEqual(await one.alr({}, 7), { 'Result-Code': 2001 })
    await other.alr({}, 7)
    assert.equal(one.events.length, 1)
    assert.equal(one.events[0]?.alertId, other.events[0]?.alertId)
    await one.alr({}, 8)
    assert.notEqual(one.events[1]?.alertId, one.events[0]?.alertId)
  })

  test('another service centre is refused, a user without identity too', async () => {
    const { alr, events, verdicts } = desk()
    assert.deepEqual(await alr({ 'SC-Address': '15550009999' }), { 'Result-Code': 5004 })
    assert.deepEqual(await alr({ 'User-Identifier': {} }), { 'Result-Code': 5005 })
    assert.deepEqual([events.length, verdicts], [0, ['other-service-centre', 'nobody']])
  })

  test('an event that is not durable is no alert taken: the HSS keeps it, and its copy is new', async () => {
    let broken = true
    const { alr, events } = desk(async () => {
      if (broken) throw new Error('no broker')
    })
    assert.deepEqual(await alr({}), { 'Result-Code': 5012 })
    broken = false
    assert.deepEqual(await alr({}), { 'Result-Code': 2001 })
    assert.equal(events.length, 1)
  })
})

describe('TS 29.002 §12.5: alerts over MAP', () => {
  const argument = {
    msisdn: internationalNumber('15550001042'),
    serviceCentreAddress: internationalNumber(SERVICE_CENTRE),
  }

  test('alertServiceCentre becomes the event of the same phone', async () => {
    const { alerts, events } = desk()
    const answer = await mapAlertHandlers(alerts).alertServiceCentre?.(argument, request)
    assert.deepEqual(answer, { kind: 'result' })
    assert.equal(events[0]?.deliveryKey, keys.keyOf('+15550001042'))
    assert.equal(events[0]?.protocol, 'map')
  })

  test('the form of version 1 has no answer', async () => {
    const { alerts, events } = desk()
    const answer = await mapAlertHandlers(alerts).alertServiceCentreWithoutResult?.(argument, request)
    assert.deepEqual([answer, events.length], [{ kind: 'end' }, 1])
  })

  test('another service centre is unexpected data', async () => {
    const { alerts } = desk()
    const strange = { ...argument, serviceCentreAddress: internationalNumber('15550009999') }
    const answer = await mapAlertHandlers(alerts).alertServiceCentre?.(strange, request)
    assert.deepEqual(answer, { kind: 'error', error: { error: 'unexpectedDataValue' } })
  })
})
