import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DecodeError, fromHex, toHex } from '@ipsmgw/bytes'
import { decodeM3ua, encodeData, encodeM3ua, type Parameters } from './index.ts'

interface Decoded {
  readonly cls: number
  readonly type: number
  readonly [field: string]: unknown
}
interface Vector {
  readonly id: string
  readonly description: string
  readonly m3ua: string
  readonly decoded: Decoded
}

const file = new URL('../../../test/vectors/map-vectors.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
  m3ua: Vector[]
  sccp: { id: string; sccp: string; m3ua: string }[]
  map: { id: string; sccp: string | string[]; m3ua: string | string[] }[]
}

/** What the vectors say about a message, in their own words, from what our decoder found. */
function asVector(octets: Uint8Array): Record<string, unknown> {
  const { messageClass, messageType, parameters: p } = decodeM3ua(octets)
  const key = p.routingKeys?.[0]
  const result = p.registrationResults?.[0]
  const found: Record<string, unknown> = {
    cls: messageClass,
    type: messageType,
    aspId: p.aspIdentifier,
    info: p.infoString,
    trafficMode: p.trafficMode ?? key?.trafficMode,
    routingContexts: p.routingContexts,
    statusType: p.status?.type,
    statusInfo: p.status?.information,
    heartbeat: p.heartbeatData && toHex(p.heartbeatData),
    affected: p.affectedPointCodes?.map(({ mask, pointCode }) => ({ mask, pc: pointCode })),
    congestionLevel: p.congestionLevel,
    cause: p.userCause?.cause,
    user: p.userCause?.user,
    errorCode: p.errorCode,
    diagnostic: p.diagnosticInformation && toHex(p.diagnosticInformation),
    localRkId: key?.localRoutingKeyId ?? result?.localRoutingKeyId,
    dpc: key?.destinationPointCodes?.[0]?.pointCode,
    status: result?.registrationStatus,
    routingContext: result?.routingContexts?.[0],
    networkAppearance: p.networkAppearance,
    correlationId: p.correlationId,
    ...(p.protocolData && { ...p.protocolData, data: toHex(p.protocolData.data) }),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

test('the vectors are all there', () => {
  assert.equal(vectors.m3ua.length, 31)
})

for (const { id, description, m3ua, decoded } of vectors.m3ua) {
  test(`RFC 4666 §3, ${id}: ${description}`, () => {
    const octets = fromHex(m3ua)
    assert.deepEqual(asVector(octets), decoded)
    assert.equal(toHex(encodeM3ua(decodeM3ua(octets))), m3ua)
    for (let length = 0; length < octets.length; length++)
      assert.throws(() => decodeM3ua(octets.subarray(0, length)), DecodeError, `${length} octets`)
  })
}

test('RFC 4666 §3.3.1: DATA written in one go has the same octets as the table gives', () => {
  const packets = [...vectors.sccp, ...vectors.map].flatMap(({ m3ua }) => m3ua)
  assert.ok(packets.length > 100)
  for (const packet of packets) {
    const { parameters } = decodeM3ua(fromHex(packet))
    const { protocolData, routingContexts, networkAppearance } = parameters
    assert.ok(protocolData)
    assert.equal(toHex(encodeData(protocolData, routingContexts?.[0], networkAppearance)), packet)
  }
})

test('RFC 4666 §3.3.1: DATA with a network appearance in one go', () => {
  const vector = vectors.m3ua.find(({ id }) => id === 'm3ua-data-na')
  assert.ok(vector)
  const { protocolData, correlationId, ...rest } = decodeM3ua(fromHex(vector.m3ua)).parameters
  assert.ok(protocolData)
  const expected = encodeM3ua({ name: 'DATA', parameters: { ...rest, protocolData } })
  assert.deepEqual(encodeData(protocolData, 100, 3), expected)
})

test('RFC 4666 §3: messages are written from named values', () => {
  const cases: [
    string,
    Parameters,
    Parameters['routingKeys'] extends never ? never : 'REG_REQ' | 'SCON' | 'DUPU',
  ][] = [
    [
      'm3ua-reg-req',
      {
        routingKeys: [
          { localRoutingKeyId: 1, trafficMode: 2, destinationPointCodes: [{ mask: 0, pointCode: 2057 }] },
        ],
      },
      'REG_REQ',
    ],
    [
      'm3ua-scon',
      { routingContexts: [100], affectedPointCodes: [{ mask: 0, pointCode: 2058 }], congestionLevel: 2 },
      'SCON',
    ],
    [
      'm3ua-dupu',
      {
        routingContexts: [100],
        affectedPointCodes: [{ mask: 0, pointCode: 2058 }],
        userCause: { cause: 2, user: 3 },
      },
      'DUPU',
    ],
  ]
  for (const [id, parameters, name] of cases)
    assert.equal(toHex(encodeM3ua({ name, parameters })), vectors.m3ua.find((it) => it.id === id)?.m3ua)
})
