import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { DecodeError, fromHex } from '@ipsmgw/bytes'
import { decoders } from './decoders.ts'
import { ipsmgw } from './testing/command.ts'
import { renderTree } from './tree.ts'

interface Vector {
  readonly id: string
  readonly m3ua: string | string[]
  readonly sccp: string | string[]
  readonly tcap: string
}
const file = new URL('../../../test/vectors/map-vectors.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Record<'map' | 'm3ua' | 'sccp', Vector[]>
const { map: messages } = vectors
const vector = (id: string) => messages.find((it) => it.id === id) ?? assert.fail(id)

function decode(protocol: string, hex: string): object {
  return (decoders[protocol] ?? assert.fail(protocol)).decode(fromHex(hex)) as object
}

/** Undefined when it decodes. */
function faultOf(protocol: string, octets: Buffer): DecodeError | undefined {
  try {
    decode(protocol, octets.toString('hex'))
    return undefined
  } catch (error) {
    if (error instanceof DecodeError) return error
    throw error
  }
}

describe('ipsmgw decode m3ua, sccp, tcap, map', () => {
  test('every message of the vectors is shown, at every layer', () => {
    assert.ok(messages.length > 90)
    for (const { id, m3ua, sccp, tcap } of messages) {
      for (const protocol of ['tcap', 'map']) assert.ok(renderTree(decode(protocol, tcap)) !== '', id)
      for (const octets of [sccp].flat()) assert.ok(renderTree(decode('sccp', octets)).includes('called'), id)
      for (const octets of [m3ua].flat()) assert.match(renderTree(decode('m3ua', octets)), /sccp/, id)
    }
    for (const { m3ua } of vectors.m3ua) assert.match(renderTree(decode('m3ua', String(m3ua))), /^message: /)
    for (const { sccp } of vectors.sccp) assert.match(renderTree(decode('sccp', String(sccp))), /^type: /)
  })

  test('TS 29.002 §12.9: a forward through all layers, down to the text on the phone', async () => {
    const [hex = ''] = [vector('mt-fsm-v3-req').m3ua].flat()
    const { code, output, complaint } = await ipsmgw(['decode', 'm3ua', '--json', hex])
    assert.equal(code, 0, complaint)
    const { message, protocolData, sccp } = JSON.parse(output)
    assert.equal(message, 'DATA')
    assert.deepEqual([protocolData.opc, protocolData.dpc, protocolData.si], [2057, 2059, 3])
    assert.equal(sccp.called.ssn, 'msc (8)')
    assert.equal(sccp.called.globalTitle.digits, '447700900030')
    const { type, dialogue, components } = sccp.transaction
    assert.deepEqual([type, dialogue.mapContext], ['begin', 'shortMsgMtRelay v3'])
    assert.equal(components[0].operation, 'mtForwardSM (44)')
    assert.equal(components[0].argument.smRpDa.imsi, '001010123456789')
    assert.equal(typeof components[0].argument.smsDeliver.userData.content.text, 'string')
    const tree = await ipsmgw(['decode', 'map', vector('mt-fsm-v3-req').tcap])
    assert.match(tree.output, /operation: "mtForwardSM \(44\)"/)
  })

  test('TS 29.002 §17.6.6: an error has its name, and the phone’s own word inside', () => {
    const errors = messages.filter(({ id }) => id.includes('sm-delivery-failure') || id.includes('err'))
    assert.ok(errors.length > 5)
    const shown = errors.map(({ tcap }) => renderTree(decode('map', tcap))).join('\n')
    assert.match(shown, /error: "absentSubscriberSM \(6\)"/)
    assert.match(shown, /smsDeliverReport/)
  })

  test('a segment of a longer message is shown as octets', () => {
    const segmented = messages.find(({ sccp }) => Array.isArray(sccp) && sccp.length > 1)
    const [first = ''] = [segmented?.sccp ?? assert.fail('no segmented vector')].flat()
    assert.ok('data' in decode('sccp', first))
  })

  test('a truncated message is named with its layer, field and an octet inside it', () => {
    const [hex = ''] = [vector('mt-fsm-v3-req').sccp].flat()
    const octets = fromHex(hex)
    for (let length = 0; length < octets.length; length++) {
      const fault =
        faultOf('sccp', Buffer.from(octets.subarray(0, length))) ?? assert.fail(`${length} octets`)
      assert.ok(fault.offset <= length, `${fault.message} of ${length}`)
    }
  })

  test('a wrong octet deep inside is counted from the first octet of the input', async () => {
    const [hex = ''] = [vector('mt-fsm-v3-req').m3ua].flat()
    const imsi = hex.indexOf('8008') / 2
    assert.ok(imsi > 0)
    const octets = Buffer.from(fromHex(hex))
    octets[imsi + 1] = 0x7f
    const { code, complaint } = await ipsmgw(['decode', 'm3ua', octets.toString('hex')])
    assert.equal(code, 1)
    assert.match(complaint, new RegExp(`^MAP: \\w+ at octet ${imsi} in data.data.argument.`), complaint)
    assert.match(complaint, /\[80\] 7f/)
  })
})
