import assert from 'node:assert/strict'
import { test } from 'node:test'
import { candidates, type RoutablePeer } from './routing.ts'

const APPLICATION = 1

function peer(identity: string, rest: Partial<RoutablePeer> = {}): RoutablePeer {
  return { identity, realms: ['home'], priority: 1, usable: () => 'good', ...rest }
}

function route(
  peers: readonly RoutablePeer[],
  host: string | undefined,
  realm: string | undefined,
  turn = 0,
) {
  const table = new Map(peers.map((it) => [it.identity, it]))
  return candidates(table, { host, realm }, APPLICATION, turn).map(({ identity }) => identity)
}

test('RFC 6733 §6.1: the named host comes first, whatever its realm and priority', () => {
  const peers = [peer('agent'), peer('mme', { realms: [], priority: 9 })]
  assert.deepEqual(route(peers, 'mme', 'home'), ['mme', 'agent'])
})

test('RFC 6733 §6.1: a host that is no neighbour is reached through its realm', () => {
  assert.deepEqual(route([peer('agent'), peer('other', { realms: ['away'] })], 'mme', 'home'), ['agent'])
})

test('RFC 6733 §6.1: lower priority numbers come first, equal ones take turns', () => {
  const peers = [peer('c', { priority: 2 }), peer('a'), peer('b')]
  assert.deepEqual(route(peers, undefined, 'home', 0), ['a', 'b', 'c'])
  assert.deepEqual(route(peers, undefined, 'home', 1), ['b', 'a', 'c'])
  assert.deepEqual(route(peers, undefined, 'home', 2), ['a', 'b', 'c'])
})

test('RFC 6733 §6.1: peers that cannot be used are left out, also the named host', () => {
  const down = { usable: () => undefined }
  assert.deepEqual(route([peer('a', down), peer('b')], 'a', 'home'), ['b'])
  assert.deepEqual(route([peer('a', down)], 'a', 'home'), [])
})

test('RFC 3539 §3.4.1: a peer that proves itself is asked after all others', () => {
  const peers = [peer('a', { usable: () => 'poor' }), peer('b', { priority: 5 })]
  assert.deepEqual(route(peers, undefined, 'home'), ['b', 'a'])
})

test('RFC 6733 §2.7: a peer for every realm takes what no other realm names', () => {
  assert.deepEqual(route([peer('agent', { realms: ['*'] })], undefined, 'anywhere'), ['agent'])
  assert.deepEqual(route([peer('agent', { realms: ['*'] })], undefined, undefined), [])
  const peers = [peer('edge', { realms: ['*'] }), peer('hss'), peer('hss2', { priority: 9 })]
  for (const turn of [0, 1, 2])
    assert.deepEqual(route(peers, undefined, 'home', turn), ['hss', 'hss2', 'edge'])
})
