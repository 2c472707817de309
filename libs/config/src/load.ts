import { readFileSync } from 'node:fs'
import type { Static, TObject, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import Value from 'typebox/value'
import { parseDocument } from 'yaml'
import { ConfigError, type ConfigProblem } from './errors.ts'
import { closest } from './suggest.ts'

/** Raw material of a configuration. `environment` is read only for names that begin with `IPSMGW_`. */
export interface ConfigSources {
  /** Path of a YAML file, if any. */
  readonly file?: string
  /** Settings that file and environment may replace, value by value. */
  readonly base?: Readonly<Record<string, unknown>>
  readonly environment: Readonly<Record<string, string | undefined>>
}

export interface LoadedConfig<S extends TObject> {
  readonly config: Static<S>
  /** Variables that look like ours and name no setting of this service: worth a warning, no failure. */
  readonly unknownVariables: readonly string[]
}

/**
 * Reads file and environment (environment wins), fills in defaults and checks everything against the schema.
 * Unknown keys in the file are errors. Throws `ConfigError` that lists all problems at once.
 */
export function loadConfig<S extends TObject>(schema: S, sources: ConfigSources): LoadedConfig<S> {
  const problems: ConfigProblem[] = []
  const raw = structuredClone(sources.base ?? {}) as Record<string, unknown>
  if (sources.file !== undefined) merge(raw, readYaml(sources.file, problems))
  const origin = new Map<string, string>()
  const variables = environmentNames(schema)
  const unknownVariables: string[] = []
  for (const [name, text] of Object.entries(sources.environment)) {
    if (!name.startsWith('IPSMGW_') || text === undefined) continue
    const leaf = variables.get(name)
    if (leaf === undefined) unknownVariables.push(name)
    else {
      origin.set(leaf.path.join('.'), name)
      assign(raw, leaf.path, fromText(text, leaf.schema))
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  const filled = Value.Default(schema, raw)
  const validator = Compile(schema)
  if (!validator.Check(filled)) {
    for (const error of validator.Errors(filled)) problems.push(...describe(error, schema, origin))
    throw new ConfigError(dedupe(problems))
  }
  return { config: filled as Static<S>, unknownVariables }
}

/** `sip.tryingDelayMs` → `IPSMGW_SIP_TRYING_DELAY_MS`. */
export function environmentName(path: readonly string[]): string {
  return `IPSMGW_${path.map((part) => part.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()).join('_')}`
}

export interface Setting {
  readonly path: readonly string[]
  readonly schema: TSchema
}

/** Every setting of a schema by the name of its environment variable. Lists and maps are one setting (YAML text). */
export function environmentNames(schema: TSchema, path: readonly string[] = []): Map<string, Setting> {
  const names = new Map<string, Setting>()
  const properties = propertiesOf(schema)
  if (properties === undefined) {
    names.set(environmentName(path), { path, schema })
    return names
  }
  for (const [key, child] of Object.entries(properties))
    for (const [name, leaf] of environmentNames(child, [...path, key])) names.set(name, leaf)
  return names
}

function propertiesOf(schema: TSchema): Record<string, TSchema> | undefined {
  return 'properties' in schema ? (schema.properties as Record<string, TSchema>) : undefined
}

function readYaml(file: string, problems: ConfigProblem[]): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    problems.push({ path: file, source: 'file', message: `cannot be read: ${(error as Error).message}` })
    return {}
  }
  const document = parseDocument(text, { maxAliasCount: 0 } as object)
  for (const error of document.errors)
    problems.push({ path: file, source: 'file', message: error.message.split('\n')[0] ?? 'not YAML' })
  if (problems.length > 0) return {}
  const value: unknown = document.toJS({ maxAliasCount: 100 })
  if (value === null || value === undefined) return {}
  if (isMap(value)) return value
  problems.push({ path: file, source: 'file', message: 'must be a map of settings' })
  return {}
}

/** The schema decides how a variable's text is read; what does not parse is left as text for the check to refuse. */
function fromText(text: string, schema: TSchema): unknown {
  const type = 'type' in schema ? schema.type : undefined
  if (type === 'string') return text
  if (type === 'integer' || type === 'number')
    return text.trim() === '' ? text : Number.isNaN(Number(text)) ? text : Number(text)
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  const document = parseDocument(text)
  return document.errors.length > 0 ? text : document.toJS({ maxAliasCount: 100 })
}

/** Maps are merged, everything else (lists too) is replaced. */
function merge(target: Record<string, unknown>, over: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(over)) {
    const known = target[key]
    if (isMap(known) && isMap(value)) merge(known, value)
    else target[key] = value
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function assign(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let node = target
  for (const part of path.slice(0, -1)) {
    const next = node[part]
    if (isMap(next)) node = next
    else {
      const created: Record<string, unknown> = {}
      node[part] = created
      node = created
    }
  }
  node[path.at(-1) as string] = value
}

interface SchemaError {
  readonly keyword: string
  readonly instancePath: string
  readonly message: string
  readonly params: unknown
}

function describe(error: SchemaError, schema: TSchema, origin: ReadonlyMap<string, string>): ConfigProblem[] {
  const path = error.instancePath.split('/').slice(1).join('.')
  const source = origin.get(path) ?? 'file'
  const params = error.params as Record<string, unknown>
  const under = (key: string) => (path === '' ? key : `${path}.${key}`)
  if (error.keyword === 'required')
    return (params.requiredProperties as string[]).map((key) => ({
      path: under(key),
      source: 'missing',
      message: `must be set (environment: ${environmentName(under(key).split('.'))})`,
    }))
  if (error.keyword === 'additionalProperties')
    return (params.additionalProperties as string[]).map((key) => ({
      path: under(key),
      source,
      message: `is no setting${closest(key, keysAt(schema, path))
        .map((k) => `; did you mean ${k}?`)
        .join('')}`,
    }))
  if (error.keyword === 'enum' && Array.isArray(params.allowedValues))
    return [{ path, source, message: `must be one of ${(params.allowedValues as unknown[]).join(', ')}` }]
  // Both come beside an error that says more: the union's, and the unknown setting's.
  if (error.keyword === 'const' || error.keyword === 'boolean') return []
  return [{ path: path || '(root)', source, message: error.message }]
}

function keysAt(schema: TSchema, path: string): string[] {
  let node: TSchema | undefined = schema
  for (const part of path === '' ? [] : path.split('.')) node = node && propertiesOf(node)?.[part]
  return node === undefined ? [] : Object.keys(propertiesOf(node) ?? {})
}

function dedupe(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const byText = new Map(problems.map((p) => [`${p.path}|${p.message}`, p]))
  return [...byText.values()].slice(0, 50)
}
