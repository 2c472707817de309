import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BerReader, BerWriter, DecodeError, encodeOid, fromHex, toHex } from './index.ts'

const reader = (hex: string) => new BerReader(fromHex(hex), 'BER')

/** The fault of a decoder, as `path@offset reason`. */
function fault(decode: () => unknown): string {
  try {
    decode()
  } catch (error) {
    if (error instanceof DecodeError) return `${error.path}@${error.offset} ${error.reason}`
    throw error
  }
  return 'none'
}

test('X.690 §8.1.3: definite lengths in every form, and the indefinite one', () => {
  for (const hex of ['0401aa', '048101aa', '04820001aa', '0484 00000001 aa']) {
    const element = reader(hex)
    assert.equal(toHex(element.octets('value')), 'aa')
    element.done('end')
  }
  const nested = reader('3080 3080 0401aa 0000 0401bb 0000 0500')
  nested.enter('outer')
  nested.enter('inner')
  assert.equal(toHex(nested.octets('value')), 'aa')
  assert.equal(nested.peek(), 0)
  nested.leave()
  assert.equal(toHex(nested.octets('value')), 'bb')
  nested.leave()
  nested.null('last')
  nested.done('end')
})

test('X.690 §8.3: integers, also in more octets than needed', () => {
  const values: [string, number][] = [
    ['020100', 0],
    ['02017f', 127],
    ['020180', -128],
    ['02020080', 128],
    ['0202ff7f', -129],
    ['0204 7fffffff', 0x7fffffff],
    ['0206 00007fffffff', 0x7fffffff],
    ['0203 000001', 1],
  ]
  for (const [hex, value] of values) assert.equal(reader(hex).integer('value'), value, hex)
  for (const value of [
    0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, -32769, 0x7fffffff, -0x80000000,
  ])
    assert.equal(
      new BerReader(new BerWriter('BER').integer(2, value).finish(), 'BER').integer('value'),
      value,
    )
})

test('X.690 §8.3.2: integers are written in the fewest octets', () => {
  const written = (value: number) => toHex(new BerWriter('BER').integer(2, value).finish())
  assert.deepEqual([0, 127, 128, -128, -129, 65536].map(written), [
    '020100',
    '02017f',
    '02020080',
    '020180',
    '0202ff7f',
    '0203010000',
  ])
})

test('X.690 §8.19: object identifiers', () => {
  for (const [dotted, hex] of [
    ['0.4.0.0.1.0.25.3', '04000001001903'],
    ['0.0.17.773.1.1.1', '00118605010101'],
    ['1.3.6.1.4.1.24991', '2b0601040181c31f'],
    ['2.5.4.3', '550403'],
  ] as const) {
    assert.equal(toHex(encodeOid(dotted)), hex)
    assert.equal(new BerReader(new BerWriter('BER').oid(6, dotted).finish(), 'BER').oid('oid'), dotted)
  }
  assert.equal(
    fault(() => reader('060200 86').oid('oid')),
    'oid@2 underflow',
  )
  assert.equal(
    fault(() => reader('0600').oid('oid')),
    'oid@2 underflow',
  )
})

test('X.690 §8.1.2.4: tags above 30 are told apart and passed over', () => {
  const element = reader('9f8148 01 aa 9f20 00')
  assert.equal(element.peek(), 0x9f * 0x1000000 + 200)
  element.skip('unknown')
  assert.equal(element.peek(), 0x9f * 0x1000000 + 32)
  assert.equal(toHex(element.element('unknown')), '9f2000')
})

test('design: every fault names the field and the octet', () => {
  const cases: [string, (element: BerReader) => unknown, string][] = [
    ['', (it) => it.octets('a'), 'a@0 missing'],
    ['04', (it) => it.octets('a'), 'a@1 underflow'],
    ['0402aa', (it) => it.octets('a'), 'a@0 underflow'],
    ['0482ffffaa', (it) => it.octets('a'), 'a@0 underflow'],
    ['04850000000001aa', (it) => it.octets('a'), 'a@2 overlength'],
    ['0480aa0000', (it) => it.octets('a'), 'a@0 invalid'],
    ['0000', (it) => it.octets('a'), 'a@0 invalid'],
    ['3080040100', (it) => it.enter('a'), 'a@2 underflow'],
    ['30800000', (it) => it.octets('a'), 'a@0 invalid'],
    ['0401aa', (it) => it.enter('a'), 'a@0 invalid'],
    ['0403aabbcc', (it) => it.octets('a', 0, 2), 'a@2 overlength'],
    ['0401aa', (it) => it.octets('a', 2), 'a@2 underflow'],
    ['0200', (it) => it.integer('a'), 'a@2 underflow'],
    ['020700000000000001', (it) => it.integer('a'), 'a@2 overlength'],
    ['02050080000000', (it) => it.integer('a'), 'a@2 overlength'],
    ['050100', (it) => it.null('a'), 'a@2 invalid'],
    ['01020000', (it) => it.boolean('a'), 'a@2 invalid'],
    ['1fffffffff01', (it) => it.skip('a'), 'a@5 overlength'],
    ['0500', (it) => it.done('a'), 'a@0 trailing'],
  ]
  for (const [hex, decode, expected] of cases)
    assert.equal(
      fault(() => decode(reader(hex))),
      expected,
      hex,
    )
  const inner = reader('3005 a003 0405')
  assert.equal(
    fault(() => {
      const outer = reader('3004 a002 0405')
      outer.enter('outer')
      outer.enter('inner')
      outer.octets('value')
    }),
    'outer.inner.value@4 underflow',
  )
  assert.equal(
    fault(() => inner.enter('outer')),
    'outer@0 underflow',
  )
})

test('design: nesting is bounded, in either form of length', () => {
  const deep = fromHex('3080'.repeat(10_000))
  assert.equal(
    fault(() => new BerReader(deep, 'BER').enter('a')),
    'a@50 overlength',
  )
  let definite = Buffer.alloc(0)
  for (let i = 0; i < 40; i++) definite = Buffer.concat([Buffer.of(0x30, definite.length), definite])
  const element = new BerReader(definite, 'BER')
  assert.throws(() => {
    for (let i = 0; i < 40; i++) element.enter('level')
  }, DecodeError)
})

test('X.690 §8.1.3: lengths are written in the shortest form, inside long elements, too', () => {
  for (const [length, head] of [
    [127, '307f'],
    [128, '308180'],
    [255, '3081ff'],
    [256, '30820100'],
    [70_000, '3083011170'],
  ] as const) {
    const octets = new BerWriter('BER', 4).open(0x30).raw(new Uint8Array(length)).close().finish()
    assert.equal(toHex(octets.subarray(0, head.length / 2)), head)
    assert.equal(octets.length, length + head.length / 2)
  }
  assert.equal(
    toHex(new BerWriter('BER').open(0xa1).open(0x30).null(5).close().close().finish()),
    'a10430020500',
  )
})
