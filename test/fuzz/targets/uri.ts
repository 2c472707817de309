import assert from 'node:assert/strict'
import { numberFromUri } from '@ipsmgw/numbering'
import { parseUri, SipParseError, uriEquals } from '@ipsmgw/sip'
import type { FuzzTarget } from '../target.ts'

const URIS = [
  'tel:+447900123456',
  'tel:+44-7900-(12)3456',
  'tel:7042;phone-context=example.com',
  'tel:07900123456;phone-context=+44;m-foo=1',
  'sip:+447900123456@ims.example;user=phone',
  'sip:%2B447900123456;npdi;rn=+449990@ims.example;user=phone',
  'sip:+447900123456@ims.example;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
  'sips:alice:secret@[2001:db8::1]:5061;transport=tls;lr?subject=a%20b&priority=urgent',
  'sip:192.0.2.1',
  'urn:service:sos',
  'im:alice@ims.example',
]
const OPTIONS = { isOwnHost: (host: string) => host === 'ims.example', trustForeignHosts: true }

/** RFC 3261 §19.1, RFC 3966: the URI itself, its equality with itself, and the number in it. */
export const uri: FuzzTarget = {
  name: 'uri',
  seeds: URIS.map((text) => Buffer.from(text)),
  tokens: [
    '%',
    '%00',
    '%25',
    ';',
    '?',
    '&',
    '=',
    '@',
    ':',
    '[',
    ']',
    '+',
    '\0',
    '\xff',
    ';phone-context=',
    ' ',
    '"',
  ],
  maximumOctets: 8_192,
  leastReadable: 0.2,
  read(octets) {
    const text = octets.toString('latin1')
    const { kind } = numberFromUri(text, OPTIONS)
    assert.ok(['global', 'local', 'name', 'unusable'].includes(kind))
    try {
      const parsed = parseUri(text)
      assert.equal(uriEquals(parsed, parsed), true)
      return true
    } catch (error) {
      if (error instanceof SipParseError) return false
      throw error
    }
  },
}
