import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ANSWER_BY_MS } from './gateway.ts'
import { grant, Stage } from './stage.ts'

describe('Sh data that nobody should send', () => {
  let it: Stage
  before(async () => {
    it = await Stage.open({ policy: { authorisation: { homeData: { use: 'and' } } } })
  })
  after(() => it.close())

  const DOCUMENTS: Readonly<Record<string, string>> = {
    'no end': '<Sh-Data><PublicIdentifiers>',
    'nothing at all': '',
    'no XML': 'MSISDN=447900700000',
    'entities in entities':
      '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Sh-Data>&b;</Sh-Data>',
    'an external entity': '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><Sh-Data>&f;</Sh-Data>',
    'elements a thousand deep': '<a>'.repeat(1_000) + '</a>'.repeat(1_000),
    'ten thousand elements': `<Sh-Data>${'<b/>'.repeat(10_000)}</Sh-Data>`,
    'near the longest message': `<Sh-Data>${' '.repeat(64_800)}<PublicIdentifiers>`,
    'two roots': '<Sh-Data/><Sh-Data/>',
  }
  for (const [what, document] of Object.entries(DOCUMENTS))
    test(`TS 29.328 annex C: ${what}: 480, nothing routed, and the peer is kept`, async () => {
      const before = await connection()
      assert.equal(before[0], 'iOpen')
      const bob = it.person({ document })
      const answer = await it.sender.send({ to: bob.uri })
      assert.equal(answer.status, 480)
      assert.ok(answer.elapsedMs < ANSWER_BY_MS)
      assert.equal(await it.causeOf(answer), 'serviceDataUnavailable')
      assert.deepEqual(it.asked(bob), ['UDR'])
      const carol = it.person({ serviceData: grant('allowed') })
      assert.equal((await it.sender.send({ to: carol.uri })).status, 200)
      assert.deepEqual(await connection(), before)
    })

  async function connection(): Promise<readonly unknown[]> {
    const peers = (await (await fetch(it.gateway.url('/api/peers'))).json()) as { identity: string }[]
    const { state, since } = (peers.find(({ identity }) => identity === 'hss.lab.invalid') ?? {}) as {
      state?: string
      since?: string
    }
    return [state, since]
  }
})
