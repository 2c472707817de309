import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type NamedMember, shareOut } from './assigners.ts'

const partitions = Array.from({ length: 24 }, (_, n) => n)
const named = (...names: string[]): NamedMember[] => names.map((name) => ({ name, memberId: `${name}#1` }))

function moved(before: readonly NamedMember[], after: readonly NamedMember[]): number {
  const [from, to] = [shareOut(partitions, before), shareOut(partitions, after)]
  const nameOf = (members: readonly NamedMember[], id: string | undefined) =>
    members.find(({ memberId }) => memberId === id)?.name
  return partitions.filter((p) => nameOf(before, from.get(p)) !== nameOf(after, to.get(p))).length
}

describe('kafka.md Rebalances: sticky assignment by hash', () => {
  test('every partition has an owner, and shares differ by one at most', () => {
    for (let count = 1; count <= 30; count++) {
      const members = named(...Array.from({ length: count }, (_, n) => `pod-${n}`))
      const owners = shareOut(partitions, members)
      assert.equal(owners.size, partitions.length)
      for (const { memberId } of members) {
        const share = [...owners.values()].filter((owner) => owner === memberId).length
        const even = partitions.length / count
        assert.ok(share >= Math.floor(even) && share <= Math.ceil(even), `${share} with ${count} members`)
      }
    }
  })

  test('the order of the members does not matter', () => {
    const members = named('a', 'b', 'c')
    assert.deepEqual(shareOut(partitions, members), shareOut(partitions, members.toReversed()))
  })

  test('a restarted member, known by another id, gets its own back', () => {
    const before = named('a', 'b', 'c')
    const after = before.map((member) => (member.name === 'b' ? { ...member, memberId: 'b#2' } : member))
    assert.equal(moved(before, after), 0)
  })

  test('a member that joins or leaves moves little besides its own share', () => {
    for (const count of [2, 3, 5, 7]) {
      const members = named(...Array.from({ length: count + 1 }, (_, n) => `pod-${n}`))
      const share = Math.ceil(partitions.length / (count + 1))
      assert.ok(moved(members.slice(0, count), members) <= 2 * share + 1, `join to ${count + 1}`)
      assert.ok(moved(members, members.slice(0, count)) <= 2 * share + 1, `leave to ${count}`)
    }
  })

  test('members of one name are told apart by their ids', () => {
    const twins = [
      { name: 'same', memberId: 'x' },
      { name: 'same', memberId: 'y' },
    ]
    assert.equal(new Set(shareOut(partitions, twins).values()).size, 2)
  })
})
