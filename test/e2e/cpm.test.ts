import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { rawTcp } from '../support/raw-sip.ts'
import { GatewayInLab, SCSCF } from './gateway.ts'

const OCTETS = readFileSync(new URL('../vectors/cpm-pager-message.sip', import.meta.url))
const TO = '447900123456'

/** The vector with lines changed, its body as it is. */
function variant(changes: Readonly<Record<string, string>>): string {
  let text = OCTETS.toString('latin1')
  for (const [line, changed] of Object.entries(changes)) {
    assert.ok(text.includes(line), line)
    text = text.replace(line, changed)
  }
  return text
}

const HIDDEN = {
  'Call-ID: 906564884j171': 'Call-ID: hidden',
  'From: <sip:+447700900111@ims.example;user=phone>;tag=7f21':
    'Privacy: id\r\nFrom: "Anonymous" <sip:anonymous@anonymous.invalid>;tag=7f21',
}

describe('the CPM pager-mode message of test/vectors, as an S-CSCF sends it', () => {
  let gateway: GatewayInLab
  before(async () => {
    gateway = await GatewayInLab.start({ policy: { homeDomains: ['ims.example'] } })
  })
  after(() => gateway.stop())

  async function exchange(octets: Buffer | string) {
    const peer = await rawTcp(SCSCF, gateway.sip)
    try {
      peer.send(octets)
      return await peer.next()
    } finally {
      peer.close()
    }
  }

  test('its anonymous CPIM addresses are no request to hide: delivered from the asserted number', async () => {
    const answer = await exchange(OCTETS)
    assert.equal(answer?.status, 200)
    const [message] = gateway.lab.phones.messagesOf(TO)
    assert.deepEqual([message?.text, message?.originator], ['Lalala', '+447700900111'])
    assert.deepEqual(viasOf(answer?.text), viasOf(OCTETS.toString('latin1'), SCSCF))
    assert.equal(answer?.header('content-length'), '0')
  })

  test('with Privacy: id and an anonymous From it is a request to hide: 433 by the default policy', async () => {
    const before = gateway.lab.hssLog.entries().length
    const answer = await exchange(variant(HIDDEN))
    assert.deepEqual([answer?.status, answer?.reason], [433, 'Anonymity Disallowed'])
    assert.equal(gateway.lab.hssLog.entries().length, before)
  })
})

/** Via values in order; `received` is what a server adds to the top one (RFC 3261 §18.2.1). */
function viasOf(text = '', received?: string): string[] {
  const vias = [...text.matchAll(/^Via: (.*?)\r?$/gm)].map(([, value]) => value ?? '')
  return vias.map((via, index) =>
    index === 0 && received !== undefined ? `${via};received=${received}` : via,
  )
}
