import type { Part } from '@ipsmgw/runtime'
import type { Logger, Registry } from '@ipsmgw/telemetry'
import { DiameterNode } from './node.ts'
import { createNodeGauges, createNodeReport } from './node-report.ts'
import { loadPeers, PeersFile } from './peers-file.ts'
import type { DiameterSettings } from './settings.ts'

export interface DiameterPartOptions {
  /** Index of this replica. */
  readonly ordinal: number
  /** Application identifiers that are offered. */
  readonly applications: readonly number[]
}

export interface DiameterPart extends Part {
  readonly node: DiameterNode
  /** Own identity of this replica. */
  readonly originHost: string
}

/** The Diameter side of a process as configured, with its metrics and log lines. */
export function createDiameterPart(
  settings: DiameterSettings,
  options: DiameterPartOptions,
  dependencies: { readonly registry: Registry; readonly logger: Logger },
): DiameterPart {
  const { registry, logger } = dependencies
  const report = createNodeReport(registry, logger)
  const originHost = settings.originHost.replaceAll('{ordinal}', String(options.ordinal))
  const peers = loadPeers(settings)
  let wasUp = peers.length === 0
  const node = new DiameterNode(
    {
      originHost,
      originRealm: settings.originRealm,
      applications: options.applications,
      peers,
      overloadControl: settings.overloadControl,
      timers: { watchdogMs: settings.watchdogMs },
      limits: { pendingPerPeer: settings.maximumPendingPerPeer },
    },
    {
      onEvent(event) {
        wasUp ||= event.kind === 'peerUp'
        report(event)
      },
    },
  )
  createNodeGauges(registry, node)
  const file = new PeersFile(settings, logger, (changed) => node.setPeers(changed))
  return {
    name: 'diameter',
    node,
    originHost,
    async start() {
      await node.start()
      file.start()
    },
    async stop() {
      file.stop()
      await node.stop()
    },
    // Peers that go away later are the network's trouble: senders get the status of its cause, not silence.
    missing: () => (wasUp ? undefined : 'no Diameter peer has answered yet'),
  }
}
