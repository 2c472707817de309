import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DecodeError, fromHex, toHex } from '@ipsmgw/bytes'
import { decodeDeliverReport, encodeDeliverReport, readDeliverReport } from './deliver-report.ts'

const TOLERATED = [
  ['an empty report', '', 'ack', undefined],
  ['an empty report', '', 'error', undefined],
  ['one octet', '00', 'error', undefined],
  ['an error form without TP-PI', '00d3', 'error', 0xd3],
  ['a reserved TP-FCS', '007f00', 'error', 0x7f],
] as const

for (const [what, hex, form, failureCause] of TOLERATED) {
  test(`TS 23.040 §9.2.2.1a: ${what} in the ${form} form counts as a report without content`, () => {
    const report = decodeDeliverReport(fromHex(hex), form)
    assert.deepEqual(report, failureCause === undefined ? { form } : { form, failureCause })
  })
}

test('TS 23.040 §9.2.2.1a: without a form the second octet tells it', () => {
  assert.equal(decodeDeliverReport(fromHex('00d300')).form, 'error')
  assert.equal(decodeDeliverReport(fromHex('0000')).form, 'ack')
  assert.equal(decodeDeliverReport(fromHex('')).form, 'ack')
})

test('TS 23.040 §9.2.3.27: an extended TP-PI is passed over, what reserved bits announce is kept', () => {
  assert.deepEqual(decodeDeliverReport(fromHex('00810000'), 'ack'), { form: 'ack', pid: 0 })
  assert.deepEqual(decodeDeliverReport(fromHex('000900aabb'), 'ack'), {
    form: 'ack',
    pid: 0,
    unknown: Buffer.of(0xaa, 0xbb),
  })
})

test('TS 23.040 §9.2.3.24: without TP-DCS the user data are default alphabet', () => {
  const report = decodeDeliverReport(fromHex('0004065474d8bd9e03'), 'ack')
  assert.equal(report.userData?.content.alphabet === 'gsm7' && report.userData.content.text, 'Thanks')
  assert.equal(toHex(encodeDeliverReport(report)), '0004065474d8bd9e03')
})

test('an odd report keeps the cause that could be read, and the fault is a value', () => {
  const { report, fault } = readDeliverReport(fromHex('00d50777'), 'error')
  assert.equal(report.failureCause, 0xd5)
  assert.equal(report.pid, 0x77)
  assert.ok(fault instanceof DecodeError)
  assert.deepEqual([fault.path, fault.reason, fault.offset], ['TP-DCS', 'underflow', 4])
})

test('TS 23.040 §9.2.2.1a: another message type and trailing octets are DecodeErrors', () => {
  assert.throws(() => decodeDeliverReport(fromHex('0100'), 'ack'), { reason: 'invalid', path: 'TP-MTI' })
  assert.throws(() => decodeDeliverReport(fromHex('000000'), 'ack'), { reason: 'trailing' })
})

test('TS 23.040 §9.2.2.1a: user data end at 159 octets with an acknowledgement, 158 with an error', () => {
  const data = (length: number) => ({ content: { alphabet: 'data', octets: Buffer.alloc(length) } }) as const
  for (const [form, maximum] of [
    ['ack', 159],
    ['error', 158],
  ] as const) {
    const longest = { form, dcs: 4, userData: data(maximum), ...(form === 'error' && { failureCause: 0xd5 }) }
    assert.deepEqual(decodeDeliverReport(encodeDeliverReport(longest), form), longest)
    assert.throws(() => encodeDeliverReport({ form, dcs: 4, userData: data(maximum + 1) }), {
      name: 'EncodeError',
    })
  }
})
