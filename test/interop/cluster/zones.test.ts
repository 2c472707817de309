// A zone that is away, to a real scheduler: what was in it finds a place in the others, though the chart wants replicas
// spread evenly. Half a minute; the first time on a machine much longer, in which Go builds Kubernetes.
// neighbours: go
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Stored } from './api.ts'
import { ControlPlane } from './control-plane.ts'
import { Release } from './release.ts'
import { isReady, StandIns } from './stand-ins.ts'

/** As the carrier has it: strictly even, three of each. */
const SPREAD = [
  'topologySpread.whenUnsatisfiable=DoNotSchedule',
  'smDelivery.replicas=3',
  'correlation.replicas=3',
]
const NODE = 'node-c'

let plane: ControlPlane
let standIns: StandIns
let release: Release

const nodesOf = (pods: readonly Stored[]) => pods.map(({ spec }) => spec.nodeName).sort()

before(async () => {
  plane = await ControlPlane.start()
  standIns = await StandIns.start(plane.api)
  release = new Release('zones', plane)
  await release.makeNamespace()
  await release.install('--set', SPREAD.join(','))
})

after(async () => {
  await standIns?.stop()
  await plane?.stop()
})

describe('three replicas in three zones', () => {
  for (const component of ['sm-delivery', 'correlation'])
    test(`${component}: with one zone away the third finds a place in the other two`, async () => {
      const pods = await release.pods(component)
      assert.deepEqual(nodesOf(pods), ['node-a', 'node-b', 'node-c'])
      const leaving = pods.find(({ spec }) => spec.nodeName === NODE) as Stored
      await plane.api.merge(`/api/v1/nodes/${NODE}`, { spec: { unschedulable: true } })
      try {
        await plane.api.demand('DELETE', release.path('v1', 'pods', leaving.metadata.name))
        await release.untilPods(
          component,
          (now) => now.every(isReady) && now.length === 3 && now.every(({ spec }) => spec.nodeName !== NODE),
          'three beside the zone that is away',
        )
      } finally {
        await plane.api.merge(`/api/v1/nodes/${NODE}`, { spec: { unschedulable: null } })
      }
    })
})
