import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { fromHex, toHex } from '@ipsmgw/bytes'
import { decodeSccp, SccpAddress, type SccpDependencies, SccpEndpoint } from '@ipsmgw/sccp'
import { decodeTcap, Tcap } from '@ipsmgw/tcap'
import { internationalNumber, MapClient, type MapHandlers, MapServer } from './index.ts'

const file = new URL('../../../test/vectors/map-vectors.json', import.meta.url)
interface Vector {
  readonly id: string
  readonly sccp: string | string[]
  readonly decoded: { readonly map: { readonly args?: { readonly smRpUi: string } } }
}
const vectors = (JSON.parse(readFileSync(file, 'utf8')) as { map: Vector[] }).map

function vector(id: string): Vector {
  return vectors.find((it) => it.id === id) ?? assert.fail(id)
}

function tpduOf(id: string): string {
  return vector(id).decoded.map.args?.smRpUi ?? assert.fail(id)
}

/** The SCCP message of a vector with the transaction ids of another dialogue in place. */
function vectorOctets(id: string, like: Uint8Array): string {
  const octets = fromHex([vector(id).sccp].flat()[0] ?? assert.fail(id))
  const from = idsOf(like)
  for (const [index, transactionId] of idsOf(octets).entries())
    transactionId.set(from[index] ?? assert.fail(id))
  return toHex(octets)
}

/** Views of the transaction ids of an SCCP message. */
function idsOf(octets: Uint8Array): Uint8Array[] {
  const message = decodeTcap(decodeSccp(octets).data)
  return [...('otid' in message ? [message.otid] : []), ...('dtid' in message ? [message.dtid] : [])]
}

type Mtp = SccpDependencies['mtp']
type Listener = Parameters<Mtp['onTransfer']>[0]

/** Two nodes joined by one signalling link, every message on record. */
class Link {
  readonly sent: Uint8Array[] = []
  readonly #listeners = new Map<number, Listener>()

  mtp(own: number): Mtp {
    return {
      active: true,
      send: ({ dpc, data, sls }) => {
        this.sent.push(data)
        queueMicrotask(() => this.#listeners.get(dpc)?.({ opc: own, dpc, si: 3, ni: 2, mp: 0, sls, data }))
        return { sent: true }
      },
      onTransfer: (listener) => {
        this.#listeners.set(own, listener)
        return () => this.#listeners.delete(own)
      },
      onStatus: () => () => {},
      destination: (pointCode) => ({ pointCode, availability: 'unknown', congestionLevel: 0 }),
    }
  }
}

/** A node down to the link: MAP, TCAP, SCCP. */
function node(t: TestContext, link: Link, own: number, peer: number, gt: string, handlers: MapHandlers) {
  const sccp = new SccpEndpoint(
    { pointCode: own, routing: { defaultDestinations: [peer] }, segmentation: false },
    { mtp: link.mtp(own) },
  )
  const now = () => 0
  const tcap = new Tcap({ localAddress: SccpAddress.e164(gt, 8) }, { sccp, now, random32: () => own })
  tcap.bind(8, new MapServer({}, { handlers }))
  t.after(() => {
    tcap.close()
    sccp.close()
  })
  return new MapClient({}, { tcap, now })
}

test('TS 29.002 on Q.713: short and long forwards, octet for octet as another stack sends them', async (t) => {
  const link = new Link()
  const tpdus: string[] = []
  node(t, link, 2059, 2057, '447700900030', {
    mtForwardSM: ({ smRpUi }) => {
      tpdus.push(toHex(smRpUi))
      return { kind: 'result' }
    },
  })
  const client = node(t, link, 2057, 2059, '447700900010', {})
  const target = {
    remote: SccpAddress.e164('447700900030', 8),
    imsi: '001010123456789',
    serviceCentreAddress: internationalNumber('447700900001'),
  }
  const forward = async (id: string, messages: readonly string[]) => {
    link.sent.length = 0
    const tpdu = fromHex(tpduOf(id))
    assert.equal((await client.forward(target).forward({ tpdu })).kind, 'result')
    assert.equal(tpdus.at(-1), toHex(tpdu))
    messages.forEach((message, index) => {
      const octets = link.sent[index] ?? assert.fail(message)
      assert.equal(toHex(octets), vectorOctets(message, octets), message)
    })
  }
  await forward('mt-fsm-v3-req', ['mt-fsm-v3-req', 'mt-fsm-v3-res-empty'])
  await forward('mt-fsm-v3-req-140-udt', ['mt-fsm-v3-req-140-udt', 'mt-fsm-v3-res-empty'])
  await forward('mt-fsm-v3-req-140', [
    'mt-fsm-v3-empty-begin',
    'mt-fsm-v3-empty-continue',
    'mt-fsm-v3-continue-140',
  ])
})
