import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { KeyMaker, messageIdOf } from './keys.ts'
import { dial, numberFromUri, type UriNumber } from './number-from-uri.ts'

const options = { isOwnHost: (host: string) => host === 'ims.example', trustForeignHosts: false }
const global = (number: string): UriNumber => ({ kind: 'global', number })

const TABLE: readonly [string, UriNumber][] = [
  ['tel:+447900123456', global('+447900123456')],
  ['tel:+44-7900-(12)3456', global('+447900123456')],
  ['sip:+447900123456@ims.example;user=phone', global('+447900123456')],
  ['sip:%2B447900123456@ims.example;user=phone', global('+447900123456')],
  ['sip:+447900123456@ims.example', global('+447900123456')],
  ['sip:+447900123456@foreign.example', { kind: 'name', user: '+447900123456', host: 'foreign.example' }],
  [
    'sip:+447900123456;npdi;rn=+449990@ims.example;user=phone',
    { kind: 'global', number: '+447900123456', portability: 'npdi;rn=+449990' },
  ],
  ['sip:+447900123456@ims.example;gr=urn:uuid:f81d4fae', global('+447900123456')],
  ['tel:07900123456;phone-context=+44', { kind: 'local', digits: '07900123456', context: '+44' }],
  [
    'sip:07900123456;phone-context=ims.example@ims.example;user=phone',
    { kind: 'local', digits: '07900123456', context: 'ims.example' },
  ],
  ['tel:07900123456', { kind: 'local', digits: '07900123456', context: undefined }],
  ['tel:+447900123456;ext=12', { kind: 'unusable', fault: 'not-a-subscriber' }],
  ['tel:+447900123456;isub=1', { kind: 'unusable', fault: 'not-a-subscriber' }],
  ['tel:+447900123456;m-foo=1', { kind: 'unusable', fault: 'mandatory-parameter' }],
  ['sip:alice@ims.example', { kind: 'name', user: 'alice', host: 'ims.example' }],
  ['sips:+447900123456@ims.example', global('+447900123456')],
  ['im:alice@ims.example', { kind: 'unusable', fault: 'scheme' }],
  ['urn:service:sos', { kind: 'unusable', fault: 'scheme' }],
  ['sip:anonymous@anonymous.invalid', { kind: 'unusable', fault: 'not-a-subscriber' }],
  ['sip:ims.example', { kind: 'unusable', fault: 'malformed' }],
  ['tel:+0447900123456', { kind: 'unusable', fault: 'malformed' }],
  ['tel:+4479001234567890', { kind: 'unusable', fault: 'malformed' }],
  ['tel:%2B447900123456', global('+447900123456')],
  ['sip:%252B447900123456@ims.example', { kind: 'name', user: '%2B447900123456', host: 'ims.example' }],
  ['sip:+447900123456:secret@[2001:db8::1]:5060;user=phone', global('+447900123456')],
]

describe('RFC 3966, RFC 3261 §19.1.6: the number in a URI', () => {
  for (const [uri, expected] of TABLE)
    test(`${uri} is ${expected.kind}`, () => assert.deepEqual(numberFromUri(uri, options), expected))

  test('a foreign host counts when the operator says so', () =>
    assert.deepEqual(
      numberFromUri('sip:+447900123456@foreign.example', { ...options, trustForeignHosts: true }),
      global('+447900123456'),
    ))

  test('RFC 3966 §5.1.5: a context is never glued on; a dial-plan rule decides', () => {
    const rules = [{ context: '+44', strip: '0', prepend: '+44' }]
    assert.equal(dial({ digits: '07900123456', context: '+44' }, rules), '+447900123456')
    assert.equal(dial({ digits: '07900123456', context: '+49' }, rules), undefined)
    assert.equal(dial({ digits: '0', context: '+44' }, rules), undefined)
  })
})

describe('keys', () => {
  test('a messageId is derived: equal for a retransmission, different for another CSeq', () => {
    const id = messageIdOf('a@b', 'tag', 1, 'tel:+447900123456')
    assert.equal(id, messageIdOf('a@b', 'tag', 1, 'tel:+447900123456'))
    assert.notEqual(id, messageIdOf('a@b', 'tag', 2, 'tel:+447900123456'))
    assert.match(id, /^[\w-]{22}$/)
  })

  test('keys depend on the installation’s secret and hold no digits of the number', () => {
    const one = new KeyMaker(Buffer.alloc(32, 1))
    const two = new KeyMaker(Buffer.alloc(32, 2))
    assert.notEqual(one.keyOf('+447900123456'), two.keyOf('+447900123456'))
    assert.equal(one.keyOf('+447900123456'), one.keyOf('+447900123456'))
    assert.match(one.keyOf('+447900123456'), /^[0-9a-f]{32}$/)
    assert.throws(() => new KeyMaker(Buffer.alloc(8)), /at least 16/)
  })
})
