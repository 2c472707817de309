// Every object of the chart and of k8s/ before a real API server: strict about fields, in a restricted namespace,
// without a word of warning. Half a minute; the first time on a machine much longer, in which Go builds Kubernetes.
// neighbours: go
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../../support/eventually.ts'
import { ROOT } from '../../support/processes.ts'
import { documents, EXAMPLES, type Manifest, of, render } from '../helm/chart.ts'
import type { Answer } from './api.ts'
import { ControlPlane } from './control-plane.ts'
import { defineKinds } from './definitions.ts'

const K8S = join(ROOT, 'k8s')
const FILES = readdirSync(K8S, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml'))
const read = (name: string) => documents(readFileSync(join(K8S, name), 'utf8'))

/** Objects that others need: the namespace and the priority that the carrier's files make. */
const GROUND = read('carrier/namespace.yaml')
const NAMESPACE = of('Namespace', GROUND)[0]?.metadata.name as string

let plane: ControlPlane

/** Makes an object, or finds out whether it could be made. */
async function make(object: Manifest, dryRun: boolean): Promise<Answer> {
  const namespace = (object.metadata as { namespace?: string }).namespace ?? NAMESPACE
  const path = await plane.api.pathOf(object.apiVersion, object.kind, namespace)
  return plane.api.call('POST', `${path}?fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`, object)
}

async function assertAccepted(objects: readonly Manifest[]): Promise<void> {
  assert.ok(objects.length > 0)
  for (const object of objects) {
    const name = `${object.kind} ${object.metadata.name}`
    const { status, body, warnings } = await make(object, true)
    assert.equal(status, 201, `${name}: ${body.message}`)
    assert.deepEqual(warnings, [], name)
  }
}

/** A pod that nobody hardened. */
const barePod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'bare' },
  spec: { containers: [{ name: 'it', image: 'it:1' }] },
} as const

before(async () => {
  plane = await ControlPlane.start()
  await defineKinds(plane.api)
  for (const object of GROUND) {
    const { status, body, warnings } = await make(object, false)
    assert.equal(status, 201, body.message)
    assert.deepEqual(warnings, [])
  }
  await plane.api.demand('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'monitoring' },
  })
  const account = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default`
  await eventually(async () => (await plane.api.call('GET', account)).status === 200, account, 30_000)
})

after(() => plane?.stop())

describe('an API server', () => {
  test('refuses what it should, so that accepting means something', async () => {
    const pod = await make(barePod, true)
    assert.equal(pod.status, 403)
    assert.match(pod.body.message, /violates PodSecurity "restricted:latest"/)
    const [workload] = of('StatefulSet', documents(render([])))
    assert.ok(workload)
    const unknown = await make({ ...workload, spec: { ...workload.spec, replicaz: 2 } }, true)
    assert.equal(unknown.status, 400)
    assert.match(unknown.body.message, /unknown field "spec\.replicaz"/)
    const { template } = workload.spec
    const open = { ...template, spec: { ...template.spec, hostNetwork: true } }
    const warned = await make({ ...workload, spec: { ...workload.spec, template: open } }, true)
    assert.match(warned.warnings.join(), /would violate PodSecurity "restricted:latest": host namespaces/)
  })

  for (const [name, args] of Object.entries(EXAMPLES))
    test(`accepts every object of the chart with ${name} values, without a warning`, () =>
      assertAccepted(documents(render(args))))

  for (const [name, args] of Object.entries(EXAMPLES))
    test(`admits each pod of the chart with ${name} values to a restricted namespace`, async () => {
      for (const { metadata, spec } of documents(render(args)).filter((it) => it.spec?.template?.spec)) {
        const pod = { apiVersion: 'v1', kind: 'Pod', ...spec.template }
        // The account is made before the workload; here nothing is made.
        const { serviceAccountName: _, ...own } = pod.spec
        await assertAccepted([{ ...pod, metadata: { ...pod.metadata, name: metadata.name }, spec: own }])
      }
    })

  for (const file of FILES.filter((name) => name !== join('carrier', 'namespace.yaml')))
    test(`accepts k8s/${file}, without a warning`, () => assertAccepted(read(file)))
})
