import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DecodeError, fromHex, toHex } from '@ipsmgw/bytes'
import { decodeTcap, encodeTcap, type ReceivedComponent, type TcapMessage } from './index.ts'

interface Vector {
  readonly id: string
  readonly description: string
  readonly tcap: string
  readonly decodeOnly?: boolean
  readonly decoded: { readonly tcap: object; readonly map: Record<string, unknown> }
}

const file = new URL('../../../test/vectors/map-vectors.json', import.meta.url)
const vectors = (JSON.parse(readFileSync(file, 'utf8')) as { map: Vector[] }).map

/** What the vectors tell about a component. */
function describeComponent(component: ReceivedComponent): object {
  switch (component.kind) {
    case 'invoke':
      return { kind: component.kind, invokeId: component.invokeId, opcode: component.operation }
    case 'returnError':
      return { kind: component.kind, invokeId: component.invokeId, errorCode: component.error }
    case 'reject':
    case 'malformed':
      return { kind: component.kind, invokeId: component.invokeId ?? null }
    default: {
      const { kind, invokeId, operation } = component
      return { kind, invokeId, ...(operation !== undefined && { opcode: operation }) }
    }
  }
}

/** A message in the words of the vectors. */
function describe(octets: Uint8Array): object {
  const message = decodeTcap(octets)
  const { type } = message
  const ids = {
    ...('otid' in message && { otid: toHex(message.otid) }),
    ...('dtid' in message && { dtid: toHex(message.dtid) }),
  }
  if (type === 'abort') return { type, ...ids }
  const { dialogue, components } = message
  return {
    type,
    ...ids,
    ...(dialogue?.apdu === 'AARQ' && { dialogue: { apdu: 'AARQ', acn: dialogue.applicationContext } }),
    ...(dialogue?.apdu === 'AARE' && {
      dialogue: {
        apdu: 'AARE',
        acn: dialogue.applicationContext,
        result: dialogue.result,
        diagnostic: { [dialogue.diagnostic.source]: dialogue.diagnostic.code },
      },
    }),
    components: components.map(describeComponent),
  }
}

/** What the vectors tell about an abort, as far as it stands in TCAP. */
function describeAbort(octets: Uint8Array): Record<string, unknown> {
  const message = decodeTcap(octets)
  assert.equal(message.type, 'abort')
  if (message.type !== 'abort') return {}
  const { pAbortCause, dialogue } = message
  if (pAbortCause !== undefined) return { abort: 'provider', cause: pAbortCause }
  if (dialogue?.apdu === 'ABRT')
    return { abort: 'user', apdu: 'ABRT', source: dialogue.source === 'user' ? 0 : 1 }
  if (dialogue?.apdu !== 'AARE') return { abort: 'user' }
  const { result, diagnostic, applicationContext } = dialogue
  return {
    abort: 'user',
    apdu: 'AARE',
    result,
    diagnostic: { [diagnostic.source]: diagnostic.code },
    acn: applicationContext,
  }
}

test('the vectors are all there', () => {
  assert.equal(vectors.length, 96)
})

for (const { id, description, tcap, decoded, decodeOnly } of vectors) {
  test(`Q.773 §3, ${id}: ${description}`, () => {
    const octets = fromHex(tcap)
    const message = decodeTcap(octets)
    assert.deepEqual(describe(octets), decoded.tcap)
    if (message.type === 'abort') {
      const found = describeAbort(octets)
      for (const [field, value] of Object.entries(decoded.map))
        if (field in found) assert.deepEqual(found[field], value, field)
      assert.equal(found.abort, decoded.map.abort)
    }
    const again = toHex(encodeTcap(message as TcapMessage))
    if (decodeOnly !== true) assert.equal(again, tcap)
    else assert.deepEqual(describe(fromHex(again)), decoded.tcap)
  })

  test(`Q.773 §3, ${id}: every truncation is a DecodeError`, () => {
    const octets = fromHex(tcap)
    for (let length = 0; length < octets.length; length++)
      assert.throws(() => decodeTcap(octets.subarray(0, length)), DecodeError, `${length} octets`)
  })
}

test('Q.773 §3.2: a reject tells its problem', () => {
  for (const { tcap, decoded } of vectors) {
    const { reject } = decoded.map as {
      reject?: { invokeId: number | null; type: string; problem: number }
    }
    if (reject === undefined) continue
    const message = decodeTcap(fromHex(tcap))
    assert.ok(message.type === 'end')
    assert.deepEqual(message.components, [
      {
        kind: 'reject',
        invokeId: reject.invokeId ?? undefined,
        problem: { type: reject.type, code: reject.problem },
      },
    ])
  }
})
