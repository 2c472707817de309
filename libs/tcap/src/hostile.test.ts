import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromHex } from '@ipsmgw/bytes'
import { Mutator, randomFrom } from '@ipsmgw/bytes/testing'
import { SccpAddress } from '@ipsmgw/sccp'
import { encodeTcap, Tcap } from './index.ts'
import { Network } from './testing/network.ts'

const file = new URL('../../../test/vectors/map-vectors.json', import.meta.url)
const seeds = (JSON.parse(readFileSync(file, 'utf8')) as { map: { tcap: string }[] }).map.map(({ tcap }) =>
  fromHex(tcap),
)

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
  const random = randomFrom(774)
  const mutator = new Mutator({ seeds, maximumOctets: 4_096 })
  for (let round = 0; round < 30_000; round++) {
    const data = mutator.next(random)
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
