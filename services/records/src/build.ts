import type { Bus } from '@ipsmgw/bus'
import type { Part } from '@ipsmgw/runtime'
import { gauge, type Registry } from '@ipsmgw/telemetry'
import type { FastifyInstance } from 'fastify'
import { messageRoutes } from './api.ts'
import { createRecords } from './app.ts'
import type { RecordsConfig } from './config.ts'

export interface Records extends Part {
  /** The message API. */
  routes(server: FastifyInstance): void
}

/** The service as configured, with its metrics and routes. */
export function buildRecords(
  { records, ordinal }: RecordsConfig,
  surroundings: { readonly bus: Bus; readonly registry: Registry },
): Records {
  const { charging, ...settings } = records
  const service = createRecords(
    { ...settings, instance: String(ordinal), ...(charging.directory !== '' && { charging }) },
    surroundings.bus,
  )
  const { store } = service
  gauge(surroundings.registry, 'ipsmgw_records_messages', 'Messages in the message API', () => store.size)
  return { ...service, routes: (server) => messageRoutes(server, store) }
}
