import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseNameAddr, parseNameAddrList, parseUri, SipParseError, uriEquals, utf8View } from './index.ts'

test('RFC 3261 §19.1.1 every part of a sip URI is found and kept as written', () => {
  const uri = parseUri('sips:alice;npdi:secret@[2001:DB8::1]:5061;Transport=tcp;lr?subject=a%20b&x=y')
  assert.ok(uri.kind === 'sip')
  assert.equal(uri.scheme, 'sips')
  assert.equal(uri.user, 'alice;npdi')
  assert.equal(uri.passwordText, 'secret')
  assert.equal(uri.host, '[2001:db8::1]')
  assert.equal(uri.port, 5061)
  assert.equal(uri.params.get('transport'), 'tcp')
  assert.equal(uri.params.get('lr'), '')
  assert.equal(uri.params.get('nothing'), undefined)
  assert.equal(uri.headersText, 'subject=a%20b&x=y')
})

test('RFC 3986 §2.4 a user part is decoded once, never twice', () => {
  for (const [text, user] of [
    ['sip:%2B447900123456@h', '+447900123456'],
    ['sip:value%2541@h', 'value%41'],
    ['sip:null-%00-null@h', 'null-\0-null'],
    ['sip:100%@h', '100%'],
    ['sip:%c3%a9@h', '\xc3\xa9'],
  ] as const) {
    const uri = parseUri(text)
    assert.equal(uri.kind === 'sip' && uri.user, user)
  }
  const uri = parseUri('sip:%C3%A9@h')
  assert.equal(uri.kind === 'sip' && utf8View(uri.user ?? ''), 'é')
})

test('RFC 3966 §3 a tel URI keeps separators and parameters', () => {
  const uri = parseUri('tel:+44-7900-(12)3456;phone-context=+44;m-foo=1')
  assert.ok(uri.kind === 'tel')
  assert.equal(uri.number, '+44-7900-(12)3456')
  assert.equal(uri.params.get('phone-context'), '+44')
})

test('RFC 3261 §8.2.2.1 another scheme is no error, and opaque', () => {
  const uri = parseUri('soap.beep://192.0.2.103:3002')
  assert.deepEqual([uri.kind, uri.scheme], ['other', 'soap.beep'])
})

for (const text of [
  '',
  'alice',
  ':',
  '1:x',
  'sip:',
  'sip:@h',
  'sip:a@',
  'sip:a@b@c',
  'sip:a b@c',
  'sip:a@h:99999',
  'sip:a@h:',
  'sip:a@h;',
  'sip:a@h;;x',
  'sip:a@[1::2',
  'sip:a@[xyz]',
  'sip:a@h<',
  'tel:',
  'tel:alice',
  'sip:a@h\u0000',
  'sip:a@h_!',
]) {
  test(`RFC 3261 §25.1 ${JSON.stringify(text)} is no URI`, () => {
    assert.throws(() => parseUri(text), SipParseError)
  })
}

test('RFC 3261 §19.1.4 URIs that are equal and that are not', () => {
  const rows: ReadonlyArray<[string, string, boolean]> = [
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp', true],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5', true],
    ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on', true],
    [
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
      true,
    ],
    [
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
      true,
    ],
    ['SIP:ALICE@AtLanTa.CoM', 'sip:alice@AtLanTa.CoM', false],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060', false],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting', false],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4', false],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off', false],
    ['sip:bob@biloxi.com;user=phone', 'sip:bob@biloxi.com', false],
    ['sips:bob@biloxi.com', 'sip:bob@biloxi.com', false],
    ['sip:a%3Bb@h', 'sip:a;b@h', false],
    ['sip:a%3bb@h', 'sip:a%3Bb@h', true],
    ['tel:+1-201-555-0123', 'tel:+12015550123', true],
    ['tel:7042;phone-context=example.com', 'tel:7042', false],
    ['tel:7042;phone-context=a.com', 'tel:7042;phone-context=b.com', false],
    ['tel:+12015550123', 'sip:+12015550123@h', false],
  ]
  for (const [a, b, equal] of rows) {
    assert.equal(uriEquals(parseUri(a), parseUri(b)), equal, `${a} and ${b}`)
    assert.equal(uriEquals(parseUri(b), parseUri(a)), equal, `${b} and ${a}`)
  }
})

test('RFC 3261 §20.10 display names, brackets and parameters', () => {
  const rows: ReadonlyArray<[string, string | undefined, string, string | undefined]> = [
    ['sip:a@b;tag=1', undefined, 'sip:a@b', '1'],
    ['<sip:a@b;user=phone>;tag=1', undefined, 'sip:a@b;user=phone', '1'],
    ['"A. \\"Bell\\", <x>" <sip:a@b>;tag=1', 'A. "Bell", <x>', 'sip:a@b', '1'],
    ['A. Bell <sip:a@b>', 'A. Bell', 'sip:a@b', undefined],
    ['caller<sip:a@b>;tag=323', 'caller', 'sip:a@b', '323'],
    ['J\xfcrgen <tel:+1>', 'J\xfcrgen', 'tel:+1', undefined],
  ]
  for (const [text, displayName, uriText, tag] of rows) {
    const address = parseNameAddr(text)
    assert.deepEqual([address.displayName, address.uriText, address.tag], [displayName, uriText, tag], text)
  }
})

test('RFC 3325 §9.1 a list of identities is split at the commas outside quotes and brackets', () => {
  const list = parseNameAddrList('"Bell, A" <sip:a,b@c>;x="1,2" , tel:+447700900111,<sip:d@e>')
  assert.deepEqual(
    list.map((address) => address.uriText),
    ['sip:a,b@c', 'tel:+447700900111', 'sip:d@e'],
  )
})

for (const text of [
  '',
  '<sip:a@b',
  '"x <sip:a@b>',
  'Bell, A <sip:a@b>',
  '< sip:a@b >',
  '<sip:a@b>;;tag=1',
  '<sip:a@b> x',
  'a@b',
  '<sip:a@b>;tag="x',
]) {
  test(`RFC 3261 §20.10 ${JSON.stringify(text)} is no single address`, () => {
    assert.throws(() => parseNameAddr(text), SipParseError)
  })
}
