import assert from 'node:assert/strict'
import { goTool } from '../../../scripts/go-tools.ts'
import { eventually } from '../../support/eventually.ts'
import { startProcess } from '../../support/processes.ts'
import { CHART } from '../helm/chart.ts'
import type { Api, Stored } from './api.ts'
import { collection } from './api.ts'
import { isReady } from './stand-ins.ts'

export const RELEASE = 'rel'
const HELM_WAITS = '90s'
const SETTLES_WITHIN_MS = 60_000

/** What every namespace has by itself, or what only tells of the past. */
const BY_ITSELF = /^(ConfigMap kube-root-ca\.crt|ServiceAccount default|Event .*)$/

/** A release of the chart in a namespace of its own that admits only restricted pods. */
export class Release {
  readonly namespace: string
  readonly #api: Api
  readonly #kubeconfig: string

  constructor(namespace: string, { api, kubeconfig }: { readonly api: Api; readonly kubeconfig: string }) {
    this.namespace = namespace
    this.#api = api
    this.#kubeconfig = kubeconfig
  }

  async makeNamespace(): Promise<void> {
    const labels = {
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/warn': 'restricted',
    }
    const metadata = { name: this.namespace, labels }
    await this.#api.demand('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata })
    const account = this.path('v1', 'serviceaccounts', 'default')
    await eventually(async () => (await this.#api.call('GET', account)).status === 200, account, 30_000)
  }

  /** Helm's exit code and all that it says, among it the server's warnings. */
  async helm(
    command: string,
    ...args: string[]
  ): Promise<{ readonly code: number | string; readonly output: string }> {
    const common = ['--namespace', this.namespace, '--kubeconfig', this.#kubeconfig]
    const chart = command === 'install' || command === 'upgrade' ? [CHART] : []
    const process = await startProcess(goTool('helm'), [command, RELEASE, ...chart, ...args, ...common])
    return { code: await process.ended, output: process.output() }
  }

  /** As `helm`; fails when it does, or when the server has warned. */
  async helmWell(command: string, ...args: string[]): Promise<string> {
    const waits = command === 'history' ? [] : ['--wait', '--timeout', HELM_WAITS]
    const { code, output } = await this.helm(command, ...args, ...waits)
    if (code !== 0) assert.fail(`${output}\n${await this.#unready()}`)
    assert.doesNotMatch(output, /warnings\.go|^Warning/m, output)
    return output
  }

  install(...args: string[]): Promise<string> {
    return this.helmWell('install', ...args)
  }

  upgrade(...args: string[]): Promise<string> {
    return this.helmWell('upgrade', ...args)
  }

  path(apiVersion: string, name: string, object?: string): string {
    const resource = { apiVersion, name, namespaced: true, kind: '', verbs: [] }
    return collection(resource, this.namespace) + (object === undefined ? '' : `/${object}`)
  }

  workload(name: string): Promise<Stored> {
    return this.#api.get(this.path('apps/v1', 'statefulsets', `${RELEASE}-ipsmgw-${name}`))
  }

  async workloads(): Promise<readonly Stored[]> {
    const kinds = { StatefulSet: 'statefulsets', Deployment: 'deployments' }
    const lists = Object.entries(kinds).map(async ([kind, name]) =>
      // What is in a list does not say what it is.
      (await this.#api.list(this.path('apps/v1', name))).map((workload) => ({ ...workload, kind })),
    )
    return (await Promise.all(lists)).flat()
  }

  /** Pods of a component, or of all of them. */
  async pods(component?: string): Promise<readonly Stored[]> {
    const pods = await this.#api.list(this.path('v1', 'pods'))
    return pods.filter(
      ({ metadata }) =>
        component === undefined || metadata.labels?.['app.kubernetes.io/component'] === component,
    )
  }

  /** Resolves when the pods of a component are what `expected` says. */
  untilPods(
    component: string,
    expected: (pods: readonly Stored[]) => boolean,
    what: string,
  ): Promise<unknown> {
    return eventually(
      async () => expected(await this.pods(component)),
      `${component}: ${what}`,
      SETTLES_WITHIN_MS,
    ).catch(async (cause) => assert.fail(`${cause}\n${await this.#unready()}`))
  }

  /** Why helm has waited in vain. */
  async #unready(): Promise<string> {
    const pods = (await this.pods()).filter((pod) => !isReady(pod))
    const lines = pods.map(({ metadata, status }) => `${metadata.name}: ${JSON.stringify(status.conditions)}`)
    for (const { metadata, spec, status } of await this.workloads())
      lines.push(`${metadata.name}: ${status.readyReplicas ?? 0} of ${spec.replicas}`)
    return lines.join('\n')
  }

  /** Everything in the namespace that nobody but the release can have left there, as `Kind name`. */
  async remains(): Promise<string[]> {
    const listable = (await this.#api.resources()).filter(
      ({ namespaced, verbs }) => namespaced && verbs.includes('list') && verbs.includes('delete'),
    )
    const found = await Promise.all(
      listable.map(async (resource) => {
        const objects = await this.#api.list(collection(resource, this.namespace))
        return objects.map(({ metadata }) => `${resource.kind} ${metadata.name}`)
      }),
    )
    return [...new Set(found.flat())].filter((it) => !BY_ITSELF.test(it)).sort()
  }
}
