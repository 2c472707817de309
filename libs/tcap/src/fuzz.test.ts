import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DecodeError, fromHex, toHex } from '@ipsmgw/bytes'
import { SccpAddress } from '@ipsmgw/sccp'
import { decodeTcap, encodeTcap, type ReceivedMessage, readHead, Tcap, type TcapMessage } from './index.ts'
import { Network } from './testing/network.ts'

const file = new URL('../../../test/vectors/map-vectors.json', import.meta.url)
const samples = (JSON.parse(readFileSync(file, 'utf8')) as { map: { tcap: string }[] }).map.map(({ tcap }) =>
  fromHex(tcap),
)

/** Small deterministic generator: a failure can be repeated. */
function generator(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

/** Damaged messages: octets changed, cut, put in, or nothing but noise. */
function damaged(random: (limit: number) => number): Buffer {
  if (random(20) === 0) return Buffer.from(Array.from({ length: random(60) }, () => random(256)))
  const octets = Buffer.from(samples[random(samples.length)] as Buffer)
  for (let change = random(5); change >= 0; change--) octets[random(octets.length)] = random(256)
  const at = random(octets.length)
  if (random(4) === 0) return octets.subarray(0, at)
  if (random(4) === 0)
    return Buffer.concat([octets.subarray(0, at), Buffer.of(random(256)), octets.subarray(at)])
  return octets
}

function isReadable(message: ReceivedMessage): message is TcapMessage {
  return message.type === 'abort' || message.components.every(({ kind }) => kind !== 'malformed')
}

test('Q.773 §3: any octets give a message or a DecodeError, and a message encodes again', () => {
  const random = generator(773)
  let read = 0
  for (let round = 0; round < 60_000; round++) {
    const input = damaged(random)
    readHead(input)
    try {
      const message = decodeTcap(input)
      if (!isReadable(message)) continue
      read++
      const again = encodeTcap(message)
      assert.deepEqual(decodeTcap(again), message, toHex(input))
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      assert.equal(error.protocol, 'TCAP')
      assert.ok(error.offset <= input.length && error.path.length > 0, toHex(input))
    }
  }
  assert.ok(read > 5_000, `${read} inputs were readable`)
})

test('design: damaged messages leave an open dialogue and the bounds of the table alone', (t) => {
  const own = SccpAddress.e164('447700900010', 8)
  const peer = SccpAddress.e164('447700900030', 8)
  const network = new Network()
  const tcap = new Tcap(
    { localAddress: own, maxDialogues: 50 },
    {
      sccp: network.node('own', own),
      now: () => 0,
      random32: () => 0xdeadbeef,
      onFault: (fault) => assert.fail(String(fault)),
    },
  )
  t.after(() => tcap.close())
  tcap.bind(8, { onBegin: () => () => {} })
  let ended = false
  const dialogue = tcap.dialogue({ remote: peer }, (indication) => {
    ended = indication.kind === 'end'
  })
  dialogue.begin()
  const random = generator(774)
  for (let round = 0; round < 30_000; round++) {
    const data = damaged(random)
    if (random(10) === 0) network.notice({ called: own, calling: peer, data, returnCause: 1 })
    else network.inject(own, peer, data)
    assert.ok(tcap.size <= 50)
    network.sent.length = 0
  }
  const dtid = Buffer.alloc(4)
  dtid.writeUInt32BE(dialogue.id)
  network.inject(own, peer, encodeTcap({ type: 'end', dtid, components: [] }))
  assert.equal(ended, true)
})
