import { type Bus, createBusReport, MemoryBus } from '@ipsmgw/bus'
import { buildCorrelation } from '@ipsmgw/correlation'
import { deadLetter } from '@ipsmgw/events'
import { buildHssRouting } from '@ipsmgw/hss-routing'
import { buildImToSms } from '@ipsmgw/im-to-sms'
import { KeyMaker } from '@ipsmgw/numbering'
import { type Policy, PolicyFile } from '@ipsmgw/policy'
import { buildRecords } from '@ipsmgw/records'
import { createHost, type Host, loadKey, type Part } from '@ipsmgw/runtime'
import { buildSipIngress } from '@ipsmgw/sip-ingress'
import { buildSmDelivery } from '@ipsmgw/sm-delivery'
import type { Logger, Registry } from '@ipsmgw/telemetry'
import type { FastifyInstance } from 'fastify'
import { ORDINAL, type StandaloneConfig } from './config.ts'
import { openJournal } from './journal.ts'
import { lockJournal } from './journal-lock.ts'
import { buildNetwork, type Network, type NetworkSurroundings } from './network.ts'

export interface StandaloneDependencies {
  readonly registry: Registry
  readonly logger: Logger
  readonly version: string
  /** Instead of the configured peers. */
  network?(surroundings: NetworkSurroundings): Network
  /** Ends the process: only a restart helps. */
  fatal(error: unknown): void
  /** Instead of the configured document. */
  policy?(): Policy
  /** More routes on the HTTP side. */
  routes?(server: FastifyInstance): void
}

export interface Standalone extends Host {
  /** SIP port in use once started, UDP and TCP. */
  sipPort(): number
}

/**
 * The whole gateway in one process, on the bus in memory. Throws StartError when the journal is in use or cannot be
 * written, ConfigError for a policy document that is wrong.
 */
export function createStandalone(config: StandaloneConfig, dependencies: StandaloneDependencies): Standalone {
  const { logger, version } = dependencies
  const policyFile = new PolicyFile(config.policy.file, logger)
  const lock = lockJournal(config.journal.directory)
  const bus = memoryBus(config, dependencies)
  const surroundings = {
    ...dependencies,
    bus,
    keys: new KeyMaker(loadKey(config.keys.hashFile)),
    policy: dependencies.policy ?? (() => policyFile.current()),
  }
  const network = dependencies.network?.(surroundings) ?? buildNetwork(config, surroundings)
  const records = buildRecords({ ...config, ordinal: ORDINAL }, surroundings)
  const ingress = buildSipIngress({ ...config, ordinal: ORDINAL }, surroundings)
  const host = createHost(
    { ...config.http, version },
    {
      ...dependencies,
      // Backwards along the flow: the end is open before anything can arrive, and drained last.
      parts: [
        lock,
        busPart(bus),
        policyFile,
        ...network.parts,
        records,
        buildCorrelation(config, surroundings),
        buildSmDelivery(config, { ...surroundings, ...network }),
        buildHssRouting(config, { ...surroundings, ...network }),
        buildImToSms(config, surroundings),
        ingress,
      ],
      routes(server) {
        records.routes(server)
        server.get('/api/peers', () => network.peers?.() ?? [])
        dependencies.routes?.(server)
      },
    },
  )
  return { ...host, sipPort: () => ingress.port() }
}

function memoryBus({ bus: settings, journal }: StandaloneConfig, dependencies: StandaloneDependencies): Bus {
  const bus: MemoryBus = new MemoryBus(settings, {
    now: Date.now,
    journal: openJournal(journal),
    events: createBusReport({
      ...dependencies,
      service: 'standalone',
      now: Date.now,
      publishDeadLetter: (letter) => bus.publish(deadLetter, letter),
    }),
  })
  return bus
}

function busPart(bus: Bus): Part {
  return {
    name: 'bus',
    stop: () => bus.close(),
    missing() {
      const { ready, detail } = bus.health()
      return ready ? undefined : detail
    },
  }
}
