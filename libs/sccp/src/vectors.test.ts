import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DecodeError, fromHex, toHex } from '@ipsmgw/bytes'
import {
  decodeManagement,
  decodeSccp,
  encodeManagement,
  encodeSccp,
  type GlobalTitle,
  SccpAddress,
  type SccpMessage,
} from './index.ts'

interface VectorAddress {
  readonly gt?: string
  readonly ssn?: number
  readonly pc?: number
  readonly tt?: number
  readonly np?: number
  readonly routeOnSsn?: boolean
}
interface Vector {
  readonly id: string
  readonly description: string
  readonly sccp: string
  readonly decoded: {
    readonly type: SccpMessage['type']
    readonly called?: VectorAddress
    readonly calling?: VectorAddress
    readonly scmg?: { format: number; ssn: number; pc: number; multiplicity: number }
    readonly dataHex?: string
    readonly segmentation?: { first: boolean; remaining: number; localReference: number }
    readonly [field: string]: unknown
  }
}

const file = new URL('../../../test/vectors/map-vectors.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
  sccp: Vector[]
  map: { id: string; sccp: string | string[]; tcap: string }[]
}

/** The address a vector describes: GT indicator 4, E.164, international, unless it says otherwise. */
function addressOf({ gt, ssn, pc, tt = 0, np = 1, routeOnSsn }: VectorAddress): SccpAddress {
  const globalTitle: GlobalTitle | undefined =
    gt === undefined
      ? undefined
      : { indicator: 4, translationType: tt, numberingPlan: np, natureOfAddress: 4, digits: gt }
  return SccpAddress.of({
    routeOn: routeOnSsn ? 'ssn' : 'gt',
    ...(ssn !== undefined && { ssn }),
    ...(pc !== undefined && { pointCode: pc }),
    ...(globalTitle && { globalTitle }),
  })
}

test('the vectors are all there', () => {
  assert.equal(vectors.sccp.length, 25)
})

for (const { id, description, sccp, decoded } of vectors.sccp) {
  const { scmg, called, calling, dataHex, segmentation, ...rest } = decoded
  const octets = fromHex(sccp)

  test(`Q.713 §4, ${id}: ${description}`, () => {
    const message = decodeSccp(octets)
    for (const [field, value] of Object.entries(rest))
      assert.deepEqual(message[field as keyof SccpMessage], value, field)
    if (called) assert.deepEqual(message.called.fields(), addressOf(called).fields())
    if (calling) assert.deepEqual(message.calling.fields(), addressOf(calling).fields())
    if (dataHex) assert.equal(toHex(message.data), dataHex)
    if (segmentation) assert.deepEqual(message.segmentation, { ...segmentation, userClass: 0 })
    if (scmg) {
      const { ssn, pc, ...same } = scmg
      assert.deepEqual(decodeManagement(message.data), { ...same, affectedSsn: ssn, affectedPointCode: pc })
      assert.deepEqual(encodeManagement(decodeManagement(message.data)), Buffer.from(message.data))
    }
    assert.equal(toHex(encodeSccp(message)), sccp)
  })

  test(`Q.713 §4, ${id}: written from what the vector says`, () => {
    const { data } = decodeSccp(octets)
    const own = { ssn: 1, routeOnSsn: true }
    const message = {
      ...(scmg && { protocolClass: 0, returnOnError: false }),
      ...rest,
      ...(segmentation && { segmentation: { ...segmentation, userClass: 0 } }),
      called: addressOf(called ?? own),
      calling: addressOf(calling ?? own),
      data,
    } as unknown as SccpMessage
    assert.equal(toHex(encodeSccp(message)), sccp)
  })

  test(`Q.713 §4, ${id}: every truncation is a DecodeError`, () => {
    for (let length = 0; length < octets.length; length++)
      assert.throws(() => decodeSccp(octets.subarray(0, length)), DecodeError, `${length} octets`)
  })
}

test('Q.713 §4.10: the SCCP layer of every MAP vector comes out as it went in', () => {
  const packets = vectors.map.flatMap(({ id, sccp, tcap }) => {
    const list = [sccp].flat()
    return list.map((hex) => ({ id, hex, tcap: list.length === 1 ? tcap : undefined }))
  })
  assert.ok(packets.length >= 97)
  for (const { id, hex, tcap } of packets) {
    const message = decodeSccp(fromHex(hex))
    if (tcap !== undefined) assert.equal(toHex(message.data), tcap, id)
    assert.equal(toHex(encodeSccp(message)), hex, id)
  }
})
