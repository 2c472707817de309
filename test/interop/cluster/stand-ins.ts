import { setTimeout as delay } from 'node:timers/promises'
import type { Api, Stored } from './api.ts'

const ZONES = ['a', 'b', 'c'] as const
const ROOM = { cpu: '64', memory: '256Gi', pods: '500' }
const LOOK_EVERY_MS = 100
const STATUS_PATCH = 'application/merge-patch+json'

const condition = (type: string) => ({
  type,
  status: 'True',
  reason: 'Said',
  lastTransitionTime: new Date().toISOString(),
})

/**
 * What a control plane lacks without machines: one node in each of three zones, and a load balancer. They say that a
 * pod runs as soon as it is bound to a node, and that it is gone as soon as it is to go. They start no container.
 */
export class StandIns {
  readonly #api: Api
  readonly #stopping = new AbortController()
  #work: Promise<void> = Promise.resolve()
  #failure: unknown
  /** Image of which no pod becomes ready. */
  brokenImage: RegExp | undefined

  private constructor(api: Api) {
    this.#api = api
  }

  static async start(api: Api): Promise<StandIns> {
    const standIns = new StandIns(api)
    for (const zone of ZONES) await standIns.#addNode(zone)
    standIns.#work = standIns.#run().catch((error) => {
      standIns.#failure = error
    })
    return standIns
  }

  /** Throws what went wrong meanwhile. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#work
    if (this.#failure !== undefined) throw this.#failure
  }

  async #addNode(zone: string): Promise<void> {
    const name = `node-${zone}`
    const labels = {
      'kubernetes.io/hostname': name,
      'topology.kubernetes.io/zone': zone,
      'ipsmgw.example.org/sctp': 'true',
    }
    await this.#api.demand('POST', '/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels },
    })
    const status = { capacity: ROOM, allocatable: ROOM, conditions: [condition('Ready')] }
    await this.#api.merge(`/api/v1/nodes/${name}/status`, { status })
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const pods = await this.#api.list('/api/v1/pods')
      await Promise.all(pods.filter((pod) => pod.spec.nodeName !== undefined).map((pod) => this.#attend(pod)))
      const services = await this.#api.list('/api/v1/services')
      await Promise.all(services.filter(awaitsAddress).map((service) => this.#expose(service)))
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  async #attend(pod: Stored): Promise<void> {
    const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}`
    if (pod.metadata.deletionTimestamp !== undefined)
      await this.#api.call('DELETE', `${path}?gracePeriodSeconds=0`)
    else if (pod.status.phase === 'Pending' || !(isReady(pod) || this.#isBroken(pod)))
      await this.#api.call('PATCH', `${path}/status`, this.#running(pod), STATUS_PATCH)
  }

  #running(pod: Stored) {
    const readiness = this.#isBroken(pod) ? [] : ['Ready', 'ContainersReady']
    return {
      status: {
        phase: 'Running',
        conditions: ['PodScheduled', 'Initialized', ...readiness].map(condition),
      },
    }
  }

  #isBroken({ spec }: Stored): boolean {
    return spec.containers.some(({ image }: { image: string }) => this.brokenImage?.test(image))
  }

  async #expose({ metadata }: Stored): Promise<void> {
    await this.#api.call(
      'PATCH',
      `/api/v1/namespaces/${metadata.namespace}/services/${metadata.name}/status`,
      { status: { loadBalancer: { ingress: [{ ip: '192.0.2.200' }] } } },
      STATUS_PATCH,
    )
  }
}

const awaitsAddress = ({ spec, status, metadata }: Stored) =>
  spec.type === 'LoadBalancer' &&
  status.loadBalancer?.ingress === undefined &&
  metadata.deletionTimestamp === undefined

/** Whether a pod counts as ready for its workload. */
export const isReady = (pod: Stored) =>
  pod.metadata.deletionTimestamp === undefined &&
  (pod.status.conditions ?? []).some(
    (it: { type: string; status: string }) => it.type === 'Ready' && it.status === 'True',
  )
