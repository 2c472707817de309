import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type DataCodingScheme,
  dataCodingFor,
  readDataCoding,
  readFailureCause,
  readProtocolIdentifier,
} from './index.ts'

const CODINGS: readonly (readonly [dcs: number, expected: Partial<DataCodingScheme>])[] = [
  [0x00, { alphabet: 'gsm7', reserved: false }],
  [0x04, { alphabet: 'data' }],
  [0x08, { alphabet: 'ucs2' }],
  [0x0c, { alphabet: 'gsm7', reserved: true }],
  [0x10, { alphabet: 'gsm7', messageClass: 0 }],
  [0x11, { alphabet: 'gsm7', messageClass: 1 }],
  [0x16, { alphabet: 'data', messageClass: 2 }],
  [0x18, { alphabet: 'ucs2', messageClass: 0 }],
  [0x20, { alphabet: 'data', compressed: true }],
  [0x48, { alphabet: 'ucs2', automaticDeletion: true }],
  [0x80, { alphabet: 'gsm7', reserved: true }],
  [0xbf, { alphabet: 'gsm7', reserved: true }],
  [0xc8, { alphabet: 'gsm7', messageWaiting: { kind: 'voicemail', active: true, store: false } }],
  [0xc1, { alphabet: 'gsm7', messageWaiting: { kind: 'fax', active: false, store: false } }],
  [0xda, { alphabet: 'gsm7', messageWaiting: { kind: 'email', active: true, store: true } }],
  [0xe3, { alphabet: 'ucs2', messageWaiting: { kind: 'other', active: false, store: true } }],
  [0xf0, { alphabet: 'gsm7', messageClass: 0 }],
  [0xf3, { alphabet: 'gsm7', messageClass: 3 }],
  [0xf6, { alphabet: 'data', messageClass: 2 }],
  [0xf8, { alphabet: 'gsm7', reserved: true }],
]

for (const [dcs, expected] of CODINGS) {
  test(`TS 23.038 §4: TP-DCS ${dcs.toString(16)} is read as ${JSON.stringify(expected)}`, () => {
    assert.deepEqual({ ...readDataCoding(dcs), ...expected }, readDataCoding(dcs))
  })
}

test('TS 23.038 §4: class and deletion mark go into the chosen TP-DCS, and read back', () => {
  assert.equal(dataCodingFor('gsm7'), 0x00)
  assert.equal(dataCodingFor('gsm7', 0), 0x10)
  assert.equal(dataCodingFor('ucs2', 0), 0x18)
  assert.equal(dataCodingFor('data', 2), 0x16)
  for (const alphabet of ['gsm7', 'data', 'ucs2'] as const)
    for (const messageClass of [0, 1, 2, 3] as const) {
      const read = readDataCoding(dataCodingFor(alphabet, messageClass, true))
      assert.deepEqual(
        [read.alphabet, read.messageClass, read.automaticDeletion, read.reserved],
        [alphabet, messageClass, true, false],
      )
    }
})

const IDENTIFIERS = [
  [0x00, { kind: 'ordinary' }],
  [0x01, { kind: 'smeToSme', protocol: 1 }],
  [0x22, { kind: 'telematic', device: 2, name: 'group 3 fax' }],
  [0x24, { kind: 'telematic', device: 4, name: 'voice' }],
  [0x31, { kind: 'telematic', device: 17, name: 'X.400' }],
  [0x32, { kind: 'telematic', device: 18, name: 'internet e-mail' }],
  [0x3e, { kind: 'telematic', device: 30 }],
  [0x3f, { kind: 'telematic', device: 31, name: 'any mobile' }],
  [0x40, { kind: 'shortMessageType0' }],
  [0x41, { kind: 'replace', type: 1 }],
  [0x47, { kind: 'replace', type: 7 }],
  [0x48, { kind: 'deviceTriggering' }],
  [0x49, { kind: 'reserved' }],
  [0x5e, { kind: 'enhancedMessageService' }],
  [0x5f, { kind: 'returnCall' }],
  [0x7c, { kind: 'ansi136RData' }],
  [0x7d, { kind: 'meDataDownload' }],
  [0x7e, { kind: 'meDepersonalization' }],
  [0x7f, { kind: 'usimDataDownload' }],
  [0x80, { kind: 'reserved' }],
  [0xc1, { kind: 'serviceCentreSpecific', value: 1 }],
] as const

for (const [pid, expected] of IDENTIFIERS) {
  test(`TS 23.040 §9.2.3.9: TP-PID ${pid.toString(16)} is ${expected.kind}`, () => {
    assert.deepEqual(readProtocolIdentifier(pid), expected)
  })
}

const FAILURES = [
  [[0x80, 0x81, 0x82, 0x8f, 0x90, 0x91, 0x9f, 0xb0, 0xd1, 0xd5, 0xe0, 0xfe], 'permanent'],
  [[0xd2, 0xd4, 0xff], 'temporary'],
  [[0xd0, 0xd3], 'memoryFull'],
  [[0xc5], 'delivered'],
  [[0xa0, 0xa1, 0xaf, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc6, 0xc7], 'notMobileTerminated'],
  [[0x00, 0x7f, 0x83, 0xb1, 0xc8, 0xd6, 0xdf], 'temporary'],
] as const

for (const [codes, outcome] of FAILURES) {
  test(`TS 23.040 §9.2.3.22: TP-FCS ${codes.map((code) => code.toString(16)).join(' ')} is ${outcome}`, () => {
    for (const code of codes) assert.equal(readFailureCause(code).outcome, outcome)
  })
}

test('every octet has a reading as TP-DCS, TP-PID and TP-FCS', () => {
  for (let octet = 0; octet < 256; octet++) {
    assert.ok(['gsm7', 'ucs2', 'data'].includes(readDataCoding(octet).alphabet))
    assert.ok(readProtocolIdentifier(octet).kind.length > 0)
    assert.equal(readFailureCause(octet).code, octet)
  }
})
