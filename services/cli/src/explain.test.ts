import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { KeyMaker } from '@ipsmgw/numbering'
import { loadPolicy } from '@ipsmgw/policy'
import { explainMessage } from './commands/explain.ts'

const VECTOR = readFileSync(new URL('../../../test/vectors/cpm-pager-message.sip', import.meta.url))
const KEYS = new KeyMaker(Buffer.alloc(32, 7))
const PEER = { name: 'peer', addresses: [], tlsNames: [], trusted: true, servedUser: true }

const run = (policy: object, octets: Buffer | string = VECTOR, peer = PEER) => {
  const { lines, delivers } = explainMessage(
    Buffer.from(octets),
    loadPolicy('', { homeDomains: ['ims.example'], ...policy }),
    peer,
    KEYS,
    Date.UTC(2026, 9, 24, 2, 24, 12),
  )
  return { text: lines.join('\n'), delivers }
}

describe('ipsmgw explain', () => {
  test('names the rules that let a message pass, and the octets that would leave', () => {
    const { text, delivers } = run({})
    assert.ok(delivers)
    assert.match(text, /^authorisation +passed by authorisation$/m)
    assert.match(text, /^originator +passed by sender number$/m)
    assert.match(text, /^TPDU 1 +040c91447700091011[0-9a-f]+$/m)
  })

  test('names the rule that refuses, with the answer as it would leave', () => {
    const barred = run({ authorisation: { barredSenders: ['+4477*'] } })
    assert.ok(!barred.delivers)
    assert.match(barred.text, /^authorisation +refused by authorisation\.barredSenders$/m)
    assert.match(barred.text, /403 Forbidden: notAuthorised/)
    assert.match(barred.text, /Warning: 399 gateway "127 Service not authorised"/)
    const long = run({ text: { maximumParts: 1 } }, message('x'.repeat(200)))
    assert.match(long.text, /413 Request Entity Too Large: tooLong, by text\.maximumParts/)
  })

  test('names the sender that the HSS is asked about, and what is done without its number', () => {
    const named = (policy: object) =>
      run(
        policy,
        message('x').replace('<tel:+447700900111>\r\nContent', '<sip:alice@ims.example>\r\nContent'),
      ).text
    assert.match(
      named({}),
      /^hss-routing +asks the HSS for the number of sip:alice@ims.example; without one as below$/m,
    )
    assert.match(named({ originator: { withoutNumber: 'reject' } }), /; without one 403$/m)
    assert.doesNotMatch(run({}).text, /^hss-routing/m)
  })

  test('names what already the SIP side refuses', () => {
    assert.match(
      run({}, VECTOR, { ...PEER, trusted: false }).text,
      /^sip-ingress +refuses with 403: servedUser/m,
    )
    assert.match(run({}, message('x', 'image/png')).text, /415: unsupportedType\n +Accept: text\/plain/)
    assert.match(run({}, 'nonsense').text, /^syntax +400/)
  })
})

function message(body: string, type = 'text/plain'): string {
  return `MESSAGE tel:+447900123456 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <tel:+447700900111>;tag=1\r\nTo: <tel:+447900123456>\r\nCall-ID: c\r\nCSeq: 1 MESSAGE\r\nP-Asserted-Identity: <tel:+447700900111>\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}
