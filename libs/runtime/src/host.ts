import type { Logger, Registry } from '@ipsmgw/telemetry'
import type { FastifyInstance } from 'fastify'
import { createAdminServer, listenAdmin } from './admin-server.ts'
import { Lifecycle, type Part } from './lifecycle.ts'

export interface HostOptions {
  readonly host: string
  /** 0 = any free port. */
  readonly port: number
  readonly version: string
  /** The longest a part may take to stop; the next one follows then. */
  readonly phaseTimeoutMs?: number
}

export interface HostDependencies {
  readonly registry: Registry
  readonly logger: Logger
  /** In the order of their start: what others need comes first. Stopped in reverse. */
  readonly parts: readonly Part[]
  /** Routes besides the probes and metrics. */
  routes?(server: FastifyInstance): void
}

export interface Host {
  start(): Promise<void>
  stop(): Promise<void>
  /** HTTP port in use once started. */
  port(): number
}

/**
 * One process: its parts and their HTTP side, which comes first and goes last, so that probes are answered while
 * the rest starts and while it drains.
 */
export function createHost(options: HostOptions, dependencies: HostDependencies): Host {
  const { registry, logger, parts } = dependencies
  const server = createAdminServer(options, {
    registry,
    logger,
    // A fault beyond help ends the process by itself; what answers here is alive.
    alive: () => true,
    readiness: () => lifecycle.readiness(),
  })
  dependencies.routes?.(server)
  let port = options.port
  const http: Part = {
    name: 'http',
    async start() {
      port = await listenAdmin(server, options)
    },
    async stop() {
      await server.close()
    },
  }
  const lifecycle = new Lifecycle([http, ...parts], logger, options.phaseTimeoutMs)
  return { start: () => lifecycle.start(), stop: () => lifecycle.stop(), port: () => port }
}
