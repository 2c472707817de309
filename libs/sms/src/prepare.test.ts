import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EncodeError, toHex } from '@ipsmgw/bytes'
import {
  DEFAULT_MAX_PARTS,
  decodeDeliver,
  encodeDeliver,
  encodeDeliverMessage,
  interpretHeader,
  Language,
  type PrepareOptions,
  prepareData,
  prepareText,
  type SmsDeliver,
} from './index.ts'

const reference = { bits: 8, value: 7 } as const
const shared = {
  reference,
  originator: { kind: 'numeric', ton: 1, npi: 1, digits: '447700900456' },
  serviceCentreTime: { epochMs: Date.UTC(2026, 2, 1), offsetMinutes: 60 },
} as const

function summary(text: string, options: Partial<PrepareOptions> = {}): string {
  const result = prepareText(text, { reference, maxParts: 255, ...options })
  if (!result.ok) return result.reason
  const { encoding, parts } = result
  const shift = encoding?.alphabet === 'gsm7' ? ` ${encoding.locking}/${encoding.single}` : ''
  return `${encoding?.alphabet}${shift} ${parts.length}`
}

const c16 = { bits: 16, value: 7 } as const
const ports16 = { bits: 16, destination: 9204, originator: 0 } as const
const ports8 = { bits: 8, destination: 240, originator: 0 } as const
const turkish = { alphabet: 'gsm7', locking: 0, single: 1 } as const
const bothTurkish = { alphabet: 'gsm7', locking: 1, single: 1 } as const

const ROOM: readonly (readonly [
  what: string,
  unit: string,
  single: number,
  split: number,
  Partial<PrepareOptions>,
])[] = [
  ['none, concat 8', 'a', 160, 153, {}],
  ['none, concat 16', 'a', 160, 152, { reference: c16 }],
  ['UCS2, concat 8', 'я', 70, 67, {}],
  ['UCS2, concat 16', 'я', 70, 66, { reference: c16 }],
  ['one shift table, concat 8', 'a', 155, 149, { encoding: turkish }],
  ['one shift table, concat 16', 'a', 155, 148, { encoding: turkish, reference: c16 }],
  ['both shift tables, concat 8', 'a', 152, 146, { encoding: bothTurkish }],
  ['both shift tables, concat 16', 'a', 152, 145, { encoding: bothTurkish, reference: c16 }],
  ['ports 16, concat 8', 'a', 152, 146, { ports: ports16 }],
  ['ports 16, concat 16', 'a', 152, 145, { ports: ports16, reference: c16 }],
  ['ports 16, UCS2, concat 8', 'я', 66, 64, { ports: ports16 }],
  ['ports 16, UCS2, concat 16', 'я', 66, 63, { ports: ports16, reference: c16 }],
  ['ports 8', 'a', 154, 148, { ports: ports8 }],
  ['ports 8, UCS2', 'я', 67, 65, { ports: ports8 }],
]

for (const [what, unit, single, split, options] of ROOM) {
  test(`TS 23.040 §9.2.3.24.1 room: ${what}: ${single} in one part, ${split} in each of several`, () => {
    const count = (length: number) => {
      const result = prepareText(unit.repeat(length), { reference, maxParts: 255, ...options })
      return result.ok ? result.parts.length : result.reason
    }
    assert.equal(count(single), 1)
    assert.equal(count(single + 1), 2)
    assert.equal(count(split * 2), 2)
    assert.equal(count(split * 2 + 1), 3)
  })
}

test('TS 23.040 §9.2.3.24 room for data: 140, 134, 133, 133 with ports, 128 and 127 with both', () => {
  const count = (length: number, options: Partial<PrepareOptions> = {}) => {
    const result = prepareData(Buffer.alloc(length), { reference, maxParts: 255, ...options })
    return result.ok ? result.parts.length : result.reason
  }
  assert.deepEqual([count(140), count(141), count(268), count(269)], [1, 2, 2, 3])
  assert.deepEqual([count(266, { reference: c16 }), count(267, { reference: c16 })], [2, 3])
  assert.deepEqual([count(133, { ports: ports16 }), count(134, { ports: ports16 })], [1, 2])
  assert.deepEqual([count(256, { ports: ports16 }), count(257, { ports: ports16 })], [2, 3])
  assert.deepEqual([count(135, { ports: ports8 }), count(136, { ports: ports8 })], [1, 2])
  assert.equal(count(141, { maxParts: 1 }), 'tooManyParts')
})

test('the longest message has 255 parts: 39015 septets or 17085 code units', () => {
  assert.equal(summary('a'.repeat(39_015)), 'gsm7 0/0 255')
  assert.equal(summary('a'.repeat(39_016)), 'tooManyParts')
  assert.equal(summary('я'.repeat(17_085)), 'ucs2 255')
  assert.equal(summary('я'.repeat(17_086)), 'tooManyParts')
})

test('a message above the limit is refused, never cut; the default limit is stated', () => {
  assert.equal(summary('a'.repeat(1530), { maxParts: DEFAULT_MAX_PARTS }), 'gsm7 0/0 10')
  assert.deepEqual(prepareText('a'.repeat(1531), { reference }), {
    ok: false,
    reason: 'tooManyParts',
    maxParts: DEFAULT_MAX_PARTS,
  })
  assert.equal(summary('\u0301'.repeat(50_000_000), { maxParts: 10 }), 'tooManyParts')
  assert.throws(() => prepareText('a', { reference, maxParts: 256 }), EncodeError)
  assert.throws(() => prepareText('a', { reference, maxParts: 0 }), EncodeError)
})

const CHOICES: readonly (readonly [what: string, text: string, Partial<PrepareOptions>, expected: string])[] =
  [
    ['e with a combining acute accent is é of the default alphabet', 'cafe\u0301', {}, 'gsm7 0/0 1'],
    ['unbroken clusters waste room: 55 thumbs need 4 parts', '👍🏽'.repeat(55), {}, 'ucs2 4'],
    ['extension characters cost two septets', '€'.repeat(81), {}, 'gsm7 0/0 2'],
    [
      'the default alphabet wins although a locking table would save a part',
      '€'.repeat(100),
      { languages: [3] },
      'gsm7 0/0 2',
    ],
    ['fewer parts beat the single shift', 'ığ'.repeat(40), { languages: [1] }, 'gsm7 1/0 1'],
    ['a national table beats UCS2 at equal parts', 'Ayşe', { languages: [1] }, 'gsm7 0/1 1'],
    ['unless UCS2 is preferred', 'Ayşe', { languages: [1], preferUcs2: true }, 'ucs2 1'],
    [
      'which it is not when it costs a part',
      'ş'.repeat(71),
      { languages: [1], preferUcs2: true },
      'gsm7 0/1 1',
    ],
    ['the order of the languages does not matter', 'façade', { languages: [3, 2, 1] }, 'gsm7 0/1 1'],
    ['typographic quotes force UCS2', '“fine” – it’s', {}, 'ucs2 1'],
    ['transliteration saves it', '“fine” – it’s', { transliterate: true }, 'gsm7 0/0 1'],
    [
      'transliteration changes nothing where an emoji needs UCS2 anyway',
      '“fine” 😀',
      { transliterate: true },
      'ucs2 1',
    ],
    ['CR LF becomes LF when configured', `${'a'.repeat(159)}\r\n`, { crLfToLf: true }, 'gsm7 0/0 1'],
    ['CR LF stays otherwise', `${'a'.repeat(159)}\r\n`, {}, 'gsm7 0/0 2'],
    ['a fixed encoding that lacks a character is a refusal', 'я', { encoding: turkish }, 'unencodable'],
    ['language 0 adds nothing', 'Ayşe', { languages: [0] }, 'ucs2 1'],
    ['empty text is one part', '', {}, 'gsm7 0/0 1'],
  ]

for (const [what, text, options, expected] of CHOICES) {
  test(`TS 23.038 §6 choice: ${what}`, () => {
    assert.equal(summary(text, options), expected)
  })
}

test('transliteration leaves the text alone where it saves nothing', () => {
  const result = prepareText('“😀”', { reference, transliterate: true })
  assert.ok(result.ok)
  assert.equal(result.parts[0]?.content.alphabet === 'ucs2' && result.parts[0].content.text, '“😀”')
})

test('all parts share address, time, PID, DCS, reference and total; TP-MMS is 0 in all but the last', () => {
  const result = encodeDeliverMessage({
    ...shared,
    content: 'ş'.repeat(300),
    languages: [Language.turkish],
    messageClass: 1,
    automaticDeletion: true,
    reference: c16,
  })
  assert.ok(result.ok)
  const parts = result.tpdus.map(decodeDeliver)
  assert.equal(parts.length, 3)
  assert.ok(parts.every(({ dcs }) => dcs === 0x51))
  assert.deepEqual(
    parts.map(({ moreMessages }) => moreMessages),
    [true, true, false],
  )
  const readings = parts.map(({ userData }) => interpretHeader(userData.header))
  assert.deepEqual(
    readings.map(({ concatenation }) => concatenation?.sequence),
    [1, 2, 3],
  )
  assert.ok(
    readings.every(({ concatenation, lockingShift }) => concatenation?.reference === 7 && lockingShift === 1),
  )
})

test('the same input gives the same octets', () => {
  const input = { ...shared, content: 'нет '.repeat(60) }
  const [a, b] = [encodeDeliverMessage(input), encodeDeliverMessage(input)]
  assert.ok(a.ok && b.ok)
  assert.deepEqual(a.tpdus.map(toHex), b.tpdus.map(toHex))
})

const message: SmsDeliver = {
  moreMessages: false,
  loopPrevention: false,
  statusReportIndication: false,
  replyPath: false,
  originator: shared.originator,
  serviceCentreTime: shared.serviceCentreTime,
  pid: 0,
  dcs: 0,
  userData: { content: { alphabet: 'gsm7', text: 'x' } },
}

const UNENCODABLE: readonly (readonly [what: string, change: Partial<SmsDeliver>])[] = [
  ['161 septets', { userData: { content: { alphabet: 'gsm7', text: 'a'.repeat(161) } } }],
  ['71 UCS2 units', { dcs: 8, userData: { content: { alphabet: 'ucs2', text: 'a'.repeat(71) } } }],
  ['UCS2 under a 7 bit TP-DCS', { userData: { content: { alphabet: 'ucs2', text: 'a' } } }],
  ['a character that no announced table has', { userData: { content: { alphabet: 'gsm7', text: 'ş' } } }],
  ['a TP-PID of two octets', { pid: 256 }],
  ['a TP-DCS that is no number', { dcs: Number.NaN }],
]

for (const [what, change] of UNENCODABLE) {
  test(`TS 23.040 §9.2.2.1: ${what} cannot be encoded`, () => {
    assert.throws(() => encodeDeliver({ ...message, ...change }), EncodeError)
  })
}

test('TS 23.040 §9.2.3.24: an empty header is kept as TP-UDHI 1 and one octet', () => {
  const octets = encodeDeliver({ ...message, userData: { ...message.userData, header: [] } })
  assert.equal((octets[0] as number) & 0x40, 0x40)
  assert.deepEqual(decodeDeliver(octets).userData.header, [])
})
