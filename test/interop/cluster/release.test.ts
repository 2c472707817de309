// The life of a release on a real control plane: helm installs, upgrades, rolls back and uninstalls, controllers make
// and replace pods, a scheduler places them in three zones. No container runs: what nodes do is said by stand-ins.
// Some minutes; the first time on a machine much longer, in which Go builds Kubernetes.
// neighbours: go
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../../support/eventually.ts'
import { EXAMPLES } from '../helm/chart.ts'
import type { Stored } from './api.ts'
import { ControlPlane } from './control-plane.ts'
import { defineKinds } from './definitions.ts'
import { RELEASE, Release } from './release.ts'
import { isReady, StandIns } from './stand-ins.ts'

/** Shorter than a site would have it, so that a roll-out of eleven pods takes seconds. */
const SHORT = ['sipIngress', 'imToSms', 'hssRouting', 'smDelivery', 'correlation', 'records'].map(
  (it) => `${it}.minReadySeconds=1`,
)
const QUICK = ['--set', SHORT.join(',')]

let plane: ControlPlane
let standIns: StandIns
const release = (name: string) => new Release(name, plane)
const namesOf = (pods: readonly Stored[]) => pods.map(({ metadata }) => metadata.name).sort()
const imageOf = (pod: Stored): string => pod.spec.containers[0].image
const zoneOf = (pod: Stored): string => pod.spec.nodeName

before(async () => {
  plane = await ControlPlane.start()
  await defineKinds(plane.api)
  await plane.api.demand('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: 'ipsmgw-signalling' },
    value: 1_000_000,
  })
  standIns = await StandIns.start(plane.api)
})

after(async () => {
  await standIns?.stop()
  await plane?.stop()
})

describe('a release with each example', () => {
  for (const [name, values] of Object.entries(EXAMPLES))
    test(`${name}: all pods are made and placed, and uninstalling leaves nothing`, async () => {
      const it = release(`each-${name}`)
      await it.makeNamespace()
      await it.install(...values, ...QUICK)
      const workloads = await it.workloads()
      assert.ok(workloads.length >= 6)
      for (const { metadata, spec, status } of workloads)
        assert.equal(status.readyReplicas, spec.replicas, metadata.name)
      const wanted = workloads.reduce((sum, { spec }) => sum + spec.replicas, 0)
      assert.equal((await it.pods()).length, wanted)
      await it.helmWell('uninstall')
      await eventually(async () => (await it.remains()).length === 0, 'nothing', 60_000).catch(async () =>
        assert.deepEqual(await it.remains(), []),
      )
    })
})

describe('one release over its life', () => {
  let it: Release

  before(async () => {
    it = release('life')
    await it.makeNamespace()
    await it.install(...QUICK)
  })

  test('replicas of a component lie in different zones', async () => {
    const pods = await it.pods('sm-delivery')
    assert.equal(pods.length, 2)
    assert.equal(new Set(pods.map(zoneOf)).size, 2)
  })

  test('an upgrade replaces every pod, one of a component at a time', async () => {
    const former = await it.workload('sm-delivery')
    let fewest = Number.POSITIVE_INFINITY
    let isOver = false
    const watched = (async () => {
      while (!isOver) fewest = Math.min(fewest, (await it.pods('sm-delivery')).filter(isReady).length)
    })()
    await it.upgrade(...QUICK, '--set', 'image.tag=0.1.1')
    isOver = true
    await watched
    assert.equal(fewest, 1, 'one of two is away at a time')
    const { status } = await it.workload('sm-delivery')
    assert.notEqual(status.updateRevision, former.status.updateRevision)
    assert.equal(status.currentRevision, status.updateRevision)
    for (const pod of await it.pods()) assert.match(imageOf(pod), /:0\.1\.1$/)
  })

  test('a rollback brings back the revision that was', async () => {
    const { status } = await it.workload('sm-delivery')
    await it.helmWell('rollback', '1')
    const back = await it.workload('sm-delivery')
    assert.notEqual(back.status.updateRevision, status.updateRevision)
    for (const pod of await it.pods()) assert.doesNotMatch(imageOf(pod), /:0\.1\.1$/)
    assert.match(await it.helmWell('history'), /Rollback to 1/)
  })

  test('an upgrade to what never becomes ready stops at one pod of a component, and a rollback mends it', async () => {
    standIns.brokenImage = /:0\.9\.9$/
    const broken = ['--set', 'image.tag=0.9.9', '--wait', '--timeout', '15s']
    const { code } = await it.helm('upgrade', ...QUICK, ...broken)
    assert.notEqual(code, 0)
    for (const { kind, metadata, spec } of await it.workloads()) {
      const pods = await it.pods(metadata.labels?.['app.kubernetes.io/component'])
      const waiting = pods.filter((pod) => !isReady(pod))
      assert.equal(waiting.length, 1, `${metadata.name}: ${namesOf(waiting)}`)
      // A Deployment makes one more pod, a StatefulSet replaces one.
      assert.equal(pods.length - 1, kind === 'Deployment' ? spec.replicas : spec.replicas - 1, metadata.name)
    }
    await it.helmWell('rollback', '1')
    for (const pod of await it.pods()) assert.doesNotMatch(imageOf(pod), /:0\.9\.9$/)
  })

  test('scaling out adds the next ordinal, scaling in takes the highest away', async () => {
    const scale = it.path('apps/v1', 'statefulsets', `${RELEASE}-ipsmgw-sm-delivery/scale`)
    const ordinals = (count: number) =>
      Array.from({ length: count }, (_, index) => `${RELEASE}-ipsmgw-sm-delivery-${index}`)
    for (const replicas of [4, 2]) {
      await plane.api.merge(scale, { spec: { replicas } })
      await it.untilPods(
        'sm-delivery',
        (pods) => pods.every(isReady) && namesOf(pods).join() === ordinals(replicas).join(),
        `${replicas} pods`,
      )
    }
  })

  test('draining nodes takes one pod of a component at a time', async () => {
    const evict = (pod: Stored) =>
      plane.api.call('POST', it.path('v1', 'pods', `${pod.metadata.name}/eviction`), {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: pod.metadata.name, namespace: it.namespace },
      })
    const budget = it.path('policy/v1', 'poddisruptionbudgets', `${RELEASE}-ipsmgw-correlation`)
    await eventually(
      async () => (await plane.api.get(budget)).status.disruptionsAllowed === 1,
      budget,
      30_000,
    )
    const [first, second, ...others] = await it.pods('correlation')
    assert.ok(first && second && others.length === 0)
    standIns.brokenImage = /./
    assert.equal((await evict(first)).status, 201)
    await it.untilPods(
      'correlation',
      (now) => now.length === 2 && now.filter(isReady).length === 1,
      'another that is not ready yet',
    )
    assert.equal((await evict(second)).status, 429, 'the last one that works')
    standIns.brokenImage = undefined
    await it.untilPods('correlation', (now) => now.every(isReady), 'both')
    await eventually(async () => (await evict(second)).status === 201, 'its turn', 30_000)
    await it.untilPods('correlation', (now) => now.length === 2 && now.every(isReady), 'both new')
  })

  test('values of another kind of site are taken in place: nothing that cannot be changed is changed', async () => {
    for (const name of ['minimal', 'signalling', 'carrier', 'default'])
      await it.upgrade(...(EXAMPLES[name] ?? []), ...QUICK).catch((cause) => assert.fail(`${name}: ${cause}`))
  })

  test('an autoscaler that takes over from a fixed number brings back its least, a fixed number puts an end to it', async () => {
    const scaler = it.path('autoscaling/v2', 'horizontalpodautoscalers')
    await it.upgrade(
      ...QUICK,
      '--set',
      'correlation.autoscaling.mode=hpa,correlation.autoscaling.minReplicas=3',
    )
    assert.equal((await plane.api.list(scaler)).length, 1)
    await it.untilPods('correlation', (pods) => pods.length === 3 && pods.every(isReady), 'the least')
    await it.upgrade(...QUICK)
    assert.deepEqual(await plane.api.list(scaler), [])
    await it.untilPods('correlation', (pods) => pods.length === 2 && pods.every(isReady), 'the fixed number')
  })

  test('a wrong value is refused before anything is changed', async () => {
    const former = await it.workload('sm-delivery')
    const { code, output } = await it.helm('upgrade', '--set', 'smDelivery.replicas=many')
    assert.notEqual(code, 0)
    assert.match(output, /smDelivery/)
    assert.deepEqual((await it.workload('sm-delivery')).metadata, former.metadata)
  })
})
