import { LOG_LEVELS, type Logger, type LogLevel, type Registry } from '@ipsmgw/telemetry'
import fastify, { type FastifyInstance } from 'fastify'
import Type from 'typebox'

/** Configuration of the HTTP side, a section of every service. */
export const httpSchema = Type.Object(
  {
    host: Type.String({ default: '127.0.0.1', description: 'address of the HTTP side' }),
    port: Type.Integer({ default: 8080, minimum: 0, maximum: 65_535, description: 'HTTP port' }),
  },
  { additionalProperties: false, default: {} },
)

const logLevelSchema = Type.Object({ level: Type.Enum([...LOG_LEVELS]) }, { additionalProperties: false })

/** What a probe learns: one entry per part that must work before the service can. */
export interface Readiness {
  readonly ready: boolean
  /** Name of the part → `ok`, or the sentence that says what is missing. */
  readonly parts: Readonly<Record<string, string>>
}

export interface AdminServerOptions {
  readonly host: string
  /** 0 = any free port. */
  readonly port: number
  readonly version: string
}

export interface AdminServerDependencies {
  readonly registry: Registry
  readonly logger: Logger
  /** False once the process is beyond help and should be restarted. Never depends on peers or load. */
  alive(): boolean
  readiness(): Readiness
}

/**
 * The HTTP side of every service: `/livez`, `/readyz` (JSON of what is missing), `/metrics` (OpenMetrics or
 * Prometheus text), `/version`, `/log-level` (GET and PUT). Services add their own routes before `listen`.
 */
export function createAdminServer(
  options: AdminServerOptions,
  dependencies: AdminServerDependencies,
): FastifyInstance {
  const { registry, logger } = dependencies
  const server = fastify({ logger: false, bodyLimit: 64 * 1024, forceCloseConnections: true })
  server.get('/livez', (_request, reply) =>
    dependencies.alive() ? reply.send({ status: 'alive' }) : reply.code(503).send({ status: 'stuck' }),
  )
  server.get('/readyz', (_request, reply) => {
    const readiness = dependencies.readiness()
    return reply.code(readiness.ready ? 200 : 503).send(readiness)
  })
  server.get('/log-level', () => ({ level: logger.level }))
  server.put<{ Body: { level: LogLevel } }>('/log-level', { schema: { body: logLevelSchema } }, (request) => {
    const { level } = request.body
    logger.info({ from: logger.level, to: level }, 'log level changed')
    logger.level = level
    return { level }
  })
  server.get('/version', () => ({ version: options.version, node: process.version }))
  server.get('/metrics', async (_request, reply) => {
    reply.type(registry.contentType)
    return registry.metrics()
  })
  server.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500) logger.error({ err: error, route: request.routeOptions.url }, 'admin request failed')
    reply.code(status).send({ error: status >= 500 ? 'internal error' : error.message })
  })
  return server
}

/** Binds the server; a busy port becomes one sentence that names the setting. */
export async function listenAdmin(server: FastifyInstance, options: AdminServerOptions): Promise<number> {
  try {
    await server.listen({ host: options.host, port: options.port })
  } catch (error) {
    throw listenError(error, 'HTTP', options.host, options.port, 'IPSMGW_HTTP_PORT')
  }
  const address = server.server.address()
  return typeof address === 'object' && address !== null ? address.port : options.port
}

/** A socket that could not be bound, told as: what, where, and which setting changes it. */
export function listenError(
  cause: unknown,
  what: string,
  host: string,
  port: number,
  variable: string,
): Error {
  const code = (cause as { code?: string }).code
  const why =
    code === 'EADDRINUSE'
      ? 'is already in use'
      : code === 'EACCES'
        ? 'needs more rights'
        : `cannot be opened (${(cause as Error).message})`
  return new StartError(`${what} port ${host}:${port} ${why}; choose another one with ${variable}`, { cause })
}

/** The process cannot start, and the message says in one sentence why and what to do. */
export class StartError extends Error {
  override readonly name = 'StartError'
  readonly code = 'start'
  readonly retryable = false
}
