import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ConfigError, type ConfigProblem, describeSettings, loadConfig, printable } from '@ipsmgw/config'
import {
  createLogger,
  createRegistry,
  LOG_LEVELS,
  type Logger,
  type LogLevel,
  type Registry,
} from '@ipsmgw/telemetry'
import type { Static, TObject } from 'typebox'
import { certificateFilesOf, watchCertificates } from './certificates.ts'
import { stopSignal } from './lifecycle.ts'
import { withPodIndex } from './ordinal.ts'

/** What a service's composition root is given. */
export interface ServiceContext<C> {
  readonly config: C
  readonly logger: Logger
  readonly registry: Registry
  readonly version: string
  /** Ends the process in order, exit code 1: for faults after which only a restart helps. */
  fatal(error: unknown): void
}

export interface RunningService {
  stop(): Promise<void>
}

export interface ServiceDefinition<S extends TObject> {
  readonly name: string
  readonly summary: string
  readonly schema: S
  /** Settings below file and environment, for a process that knows its neighbours (lab, demo). */
  readonly base?: Readonly<Record<string, unknown>>
  /** Checks that no schema can express, all at once: what is wrong. */
  check?(config: Static<S>): readonly ConfigProblem[]
  start(context: ServiceContext<Static<S>>): Promise<RunningService>
}

/** The product's version, from this package: all packages carry the same. */
export function productVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/**
 * `main` of every service: flags, configuration, start, signals, stop. The only place that reads `process.env`
 * and `process.argv`. Exit codes: 0 stopped in order, 1 failed, 2 wrong flags or configuration.
 */
export async function runService<S extends TObject>(definition: ServiceDefinition<S>): Promise<void> {
  process.exitCode = await run(definition)
}

async function run<S extends TObject>(definition: ServiceDefinition<S>): Promise<number> {
  const { name, schema } = definition
  let config: Static<S>
  let logger: Logger
  try {
    const { values } = parseArgs({
      options: {
        config: { type: 'string' },
        'check-config': { type: 'boolean' },
        'print-config': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    })
    if (values.help) return print(usage(definition))
    if (values.version) return print(productVersion())
    const loaded = loadConfig(schema, {
      environment: 'ordinal' in schema.properties ? withPodIndex(process.env) : process.env,
      ...(definition.base !== undefined && { base: definition.base }),
      ...(values.config !== undefined && { file: values.config }),
    })
    config = loaded.config
    const problems = definition.check?.(config) ?? []
    if (problems.length > 0) throw new ConfigError(problems)
    if (values['print-config']) return print(JSON.stringify(printable(config), null, 2))
    if (values['check-config']) return print(`${name}: the configuration is valid`)
    logger = createLogger({ service: name, level: logLevel(process.env.LOG_LEVEL) })
    if (loaded.unknownVariables.length > 0)
      logger.info({ variables: loaded.unknownVariables }, 'environment variables that are no settings here')
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : `${name}: ${(error as Error).message}`)
    return 2
  }
  return serve(definition, config, logger)
}

async function serve<S extends TObject>(
  definition: ServiceDefinition<S>,
  config: Static<S>,
  logger: Logger,
): Promise<number> {
  const version = productVersion()
  const registry = createRegistry(definition.name, version)
  watchCertificates(registry, certificateFilesOf(config), Date.now)
  let failed = false
  const { promise: broken, resolve: fail } = Promise.withResolvers<void>()
  const fatal = (error: unknown) => {
    logger.fatal({ err: error }, 'cannot go on, stopping')
    failed = true
    fail()
  }
  process.on('uncaughtException', fatal)
  process.on('unhandledRejection', fatal)
  const signal = stopSignal()
  try {
    const starting = definition.start({ config, logger, registry, version, fatal })
    const service = await Promise.race([starting, signal, broken])
    if (typeof service === 'object') {
      logger.info({}, 'started')
      const cause = await Promise.race([signal, broken])
      logger.info({ signal: cause ?? 'fault' }, 'stopping')
      await service.stop()
    }
    logger.info({}, 'stopped')
  } catch (error) {
    if (isExpected(error)) console.error(`${definition.name}: ${error.message}`)
    else logger.fatal({ err: error }, 'could not start')
    failed = true
  }
  // Whatever still holds the event loop (a hung socket) must not outlive the grace period.
  setTimeout(() => process.exit(), 2_000).unref()
  return failed ? 1 : 0
}

/** The project's own error classes tell the whole story in their sentence; anything else needs its stack. */
function isExpected(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && 'retryable' in error
}

function usage(definition: ServiceDefinition<TObject>): string {
  return `${definition.name}: ${definition.summary}

Options
  --config FILE    YAML file with settings
  --check-config   check file and environment, then exit (0 good, 2 not)
  --print-config   print the configuration in force, secrets hidden
  --version, --help

Environment (wins over the file; LOG_LEVEL sets the log level)
${describeSettings(definition.schema)}`
}

function logLevel(value: string | undefined): LogLevel {
  return LOG_LEVELS.find((level) => level === value) ?? 'info'
}

function print(text: string): number {
  console.log(text)
  return 0
}
