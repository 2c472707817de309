import assert from 'node:assert/strict'
import { test } from 'node:test'
import { publicIdentityOf } from './public-identity.ts'

const CASES: readonly [uri: string, canonical: string][] = [
  ['sip:Alice@IMS.Example', 'sip:Alice@ims.example'],
  ['SIPS:alice@ims.example:5061;transport=tcp', 'sip:alice@ims.example'],
  ['sip:+447900123456@ims.example;user=phone', 'sip:+447900123456@ims.example'],
  ['sip:+447900123456;npdi;rn=+449990@ims.example;user=phone', 'sip:+447900123456@ims.example'],
  ['sip:alice@ims.example?Subject=x', 'sip:alice@ims.example'],
  ['sip:alice@ims.example;gr=urn:uuid:f81d4fae', 'sip:alice@ims.example'],
  ['tel:+44-7900-(12)34.56', 'tel:+447900123456'],
  ['tel:+447900123456;npdi', 'tel:+447900123456'],
  ['tel:7042;phone-context=ims.example', 'tel:7042'],
]
for (const [uri, canonical] of CASES)
  test(`TS 23.003 §13.4: ${uri.replace(/\d{5,}/g, 'N')} in canonical form`, () => {
    assert.equal(publicIdentityOf(uri), canonical)
  })
