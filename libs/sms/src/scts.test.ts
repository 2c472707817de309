import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteReader, ByteWriter, DecodeError, EncodeError, fromHex, toHex } from '@ipsmgw/bytes'
import { PROTOCOL, type ServiceCentreTime } from './messages.ts'
import {
  formatServiceCentreTime,
  readServiceCentreTime,
  ServiceCentreClock,
  writeServiceCentreTime,
} from './scts.ts'

const encode = (time: ServiceCentreTime): string => {
  const writer = new ByteWriter()
  writeServiceCentreTime(writer, time)
  return toHex(writer.finish())
}
const decode = (hex: string): ServiceCentreTime =>
  readServiceCentreTime(new ByteReader(fromHex(hex), PROTOCOL))

const ZONES = [
  ['+01:00', '40'],
  ['+05:30', '22'],
  ['+05:45', '32'],
  ['-03:00', '29'],
  ['-09:30', '8b'],
  ['UTC', '00'],
] as const

for (const [zone, octet] of ZONES) {
  test(`TS 23.040 §9.2.3.11: zone ${zone} is octet ${octet}`, () => {
    const time = new ServiceCentreClock(zone).at(Date.UTC(2026, 6, 15, 8, 9, 10))
    const hex = encode(time)
    assert.equal(hex.slice(12), octet)
    assert.deepEqual(decode(hex), time)
  })
}

const INSTANTS = [
  ['Europe/Berlin', '2026-01-15T12:00:00Z', '2026-01-15T13:00:00+01:00'],
  ['Europe/Berlin', '2026-07-15T12:00:00Z', '2026-07-15T14:00:00+02:00'],
  ['Europe/Berlin', '2026-03-29T00:59:59Z', '2026-03-29T01:59:59+01:00'],
  ['Europe/Berlin', '2026-03-29T01:00:00Z', '2026-03-29T03:00:00+02:00'],
  ['Asia/Kathmandu', '2026-07-15T00:00:00Z', '2026-07-15T05:45:00+05:45'],
  ['America/Sao_Paulo', '2026-07-15T00:00:00Z', '2026-07-14T21:00:00-03:00'],
  ['Pacific/Marquesas', '2026-07-15T00:00:00Z', '2026-07-14T14:30:00-09:30'],
  ['Etc/UTC', '2026-07-15T00:00:00Z', '2026-07-15T00:00:00+00:00'],
] as const

for (const [zone, instant, local] of INSTANTS) {
  test(`TS 23.040 §9.2.3.11: ${instant} in ${zone} is ${local}`, () => {
    const time = new ServiceCentreClock(zone).at(Date.parse(instant))
    assert.equal(formatServiceCentreTime(time), local)
    assert.deepEqual(decode(encode(time)), time)
  })
}

test('TS 23.040 §9.2.3.11: one clock follows summer time in both directions', () => {
  const clock = new ServiceCentreClock('Europe/Berlin')
  const offsets = ['2026-07-01', '2026-12-01', '2026-07-02'].map(
    (day) => clock.at(Date.parse(day)).offsetMinutes,
  )
  assert.deepEqual(offsets, [120, 60, 120])
})

test('TS 23.040 §9.2.3.11: years 90-99 are of the 1990s, 00-89 of the 2000s', () => {
  assert.equal(formatServiceCentreTime(decode('99211332959500')), '1999-12-31T23:59:59+00:00')
  assert.equal(formatServiceCentreTime(decode('98211332959500')), '2089-12-31T23:59:59+00:00')
  assert.equal(formatServiceCentreTime(decode('09101000000000')), '1990-01-01T00:00:00+00:00')
})

test('a zone that nobody knows is refused when the clock is made', () => {
  assert.throws(() => new ServiceCentreClock('Mars/Olympus'), RangeError)
})

const INVALID = [
  ['a digit above 9', 'a2301021436540', 'TP-SCTS.year', 0],
  ['month 13', '62311021436540', 'TP-SCTS', 0],
  ['30 February', '62200321436540', 'TP-SCTS', 0],
  ['hour 24', '62301042436540', 'TP-SCTS', 0],
  ['a zone digit above 9', '623010214365f0', 'TP-SCTS.zone', 6],
] as const

for (const [what, hex, path, offset] of INVALID) {
  test(`TS 23.040 §9.2.3.11: ${what} is invalid at ${path}`, () => {
    assert.throws(
      () => decode(hex),
      (error) => {
        assert.ok(error instanceof DecodeError)
        assert.deepEqual([error.reason, error.path, error.offset], ['invalid', path, offset])
        return true
      },
    )
  })
}

const UNENCODABLE: readonly (readonly [string, ServiceCentreTime])[] = [
  ['the year 2090', { epochMs: Date.UTC(2090, 0, 1), offsetMinutes: 0 }],
  ['the year 1989', { epochMs: Date.UTC(1989, 0, 1), offsetMinutes: 0 }],
  ['no time at all', { epochMs: Number.NaN, offsetMinutes: 0 }],
  ['an offset of 7 minutes', { epochMs: 0, offsetMinutes: 7 }],
  ['an offset of 20 hours', { epochMs: Date.UTC(2026, 0, 1), offsetMinutes: 1200 }],
]

for (const [what, time] of UNENCODABLE) {
  test(`TS 23.040 §9.2.3.11: ${what} cannot be encoded`, () => {
    assert.throws(() => encode(time), EncodeError)
  })
}
