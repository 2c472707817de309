import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeDiameter, value } from '@ipsmgw/diameter'
import { stage } from './stage.ts'

const NUMBER = '447900721001'

describe('RFC 4694: a number that was taken along to another network', () => {
  for (const uri of [
    `tel:+${NUMBER};npdi;rn=+449990`,
    `sip:+${NUMBER};npdi;rn=+449990;cic=+1-222@ims.example;user=phone`,
  ])
    test(`${uri.slice(0, 4)} the HSS is asked by the number, never by the routing number, and the phone gets the SMS`, async (t) => {
      const it = await stage(t, { policy: { homeDomains: ['ims.example'] } })
      assert.equal((await it.sender.send({ to: uri })).status, 200)
      assert.deepEqual(it.texts({ msisdn: NUMBER, uri }), ['Hello'])
      const srr = decodeDiameter(Buffer.from(it.gateway.lab.hssLog.entries(NUMBER)[0]?.octets ?? '', 'hex'))
      assert.equal(value(srr, 'MSISDN'), NUMBER)
      assert.ok(!it.gateway.lab.hssLog.entries().some(({ msisdn }) => msisdn?.startsWith('449990')))
    })

  test('one that has left is 404: the home network knows it no longer', async (t) => {
    const it = await stage(t, {})
    it.gateway.set(NUMBER, { behaviour: 'unknown' })
    assert.equal((await it.sender.send({ to: `tel:+${NUMBER};npdi` })).status, 404)
  })

  test('over MAP the question goes to the number itself, which the network of the STP translates', async (t) => {
    const it = await stage(t, { routing: { protocols: ['map'] } })
    it.gateway.set(NUMBER, { behaviour: 'reachable', node: 'msc' })
    assert.equal((await it.sender.send({ to: `tel:+${NUMBER};npdi;rn=+449990` })).status, 200)
    const [asked] = it.gateway.lab.hssLog.entries(NUMBER)
    assert.match(asked?.command ?? '', /sendRoutingInfoForSM/i)
  })
})

describe('roaming: MAP or SGd, as the agreement with each network has it', () => {
  for (const node of ['mme', 'sgsn'] as const)
    test(`a phone at the ${node.toUpperCase()} of a network without SGd gets its SMS over MAP, at the number of the node`, async (t) => {
      const it = await stage(t, { routing: { mapRealms: ['lab.invalid'] } })
      it.gateway.set(NUMBER, { behaviour: 'reachable', node })
      assert.equal((await it.sender.send({ to: NUMBER })).status, 200)
      assert.deepEqual(it.texts({ msisdn: NUMBER, uri: '' }), ['Hello'])
      const commands = it.gateway.lab.nodesLog.entries(NUMBER).map(({ command }) => command)
      assert.deepEqual(commands, ['mt-ForwardSM'])
    })
})
