import { counter, Gauge, type Logger, type Registry, rateLimited } from '@ipsmgw/telemetry'
import { Application } from './dictionary/applications.ts'
import type { DiameterNode } from './node.ts'
import type { NodeEvent } from './types.ts'

const KINDS = [
  'peerUp',
  'peerDown',
  'suspect',
  'failback',
  'connectFailed',
  'rejected',
  'malformed',
  'strayAnswer',
  'refusedRequest',
  'handlerFailed',
  'windowFull',
  'rateLimited',
  'abated',
  'redirected',
] as const satisfies readonly NodeEvent['kind'][]

/** Counts every event of a node and logs those that an operator acts upon. */
export function createNodeReport(registry: Registry, logger: Logger): (event: NodeEvent) => void {
  const events = counter(registry, 'ipsmgw_diameter_events_total', 'Events at Diameter peers, by kind', {
    kind: KINDS,
  })
  const warn = rateLimited((fields, sentence) => logger.warn(fields, sentence))
  return ({ kind, peer, detail }) => {
    events.inc({ kind })
    const fields = { interface: 'diameter', peer, detail }
    if (kind === 'peerUp') logger.info(fields, 'Diameter peer is up')
    else if (kind === 'peerDown') logger.warn(fields, 'Diameter peer is down')
    else if (kind !== 'strayAnswer' && kind !== 'failback' && kind !== 'redirected')
      warn({ ...fields, kind }, `Diameter: ${SENTENCES[kind]}`)
  }
}

const SENTENCES = {
  suspect: 'peer is silent, its requests go to others',
  connectFailed: 'no connection to a peer',
  rejected: 'connection or capabilities refused',
  malformed: 'octets that do not decode',
  refusedRequest: 'request answered with an error',
  handlerFailed: 'request handler failed',
  windowFull: 'too many requests without an answer',
  rateLimited: 'more requests than a peer is to get in a second',
  abated: 'requests left out, their server has asked for less',
} as const

/** State and load of every configured peer, read when somebody looks. */
export function createNodeGauges(registry: Registry, node: DiameterNode): void {
  const perPeer = (name: string, help: string, read: (peer: { state: string; pending: number }) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['peer'],
      registers: [registry],
      collect() {
        // Those that are configured no more go with their series.
        this.reset()
        for (const peer of node.peers()) this.set({ peer: peer.identity }, read(peer))
      },
    })
  perPeer('ipsmgw_diameter_peer_up', 'Whether a Diameter peer is open (1) or not (0)', isOpen)
  perPeer(
    'ipsmgw_diameter_pending',
    'Requests to a Diameter peer without an answer',
    ({ pending }) => pending,
  )
  new Gauge({
    name: 'ipsmgw_diameter_reduction_percent',
    help: 'Largest part of requests that anybody asks to be spared (RFC 7683), by application',
    labelNames: ['application'],
    registers: [registry],
    collect() {
      this.reset()
      const largest = new Map<number, number>(node.applications.map((application) => [application, 0]))
      for (const { applicationId, reductionPercent } of node.overloadReports())
        largest.set(applicationId, Math.max(largest.get(applicationId) ?? 0, reductionPercent))
      for (const [application, percent] of largest)
        this.set({ application: APPLICATION_NAMES.get(application) ?? 'other' }, percent)
    },
  })
}

const APPLICATION_NAMES = new Map<number, string>(Object.entries(Application).map(([name, id]) => [id, name]))

function isOpen({ state }: { state: string }): number {
  return state === 'iOpen' || state === 'rOpen' ? 1 : 0
}
