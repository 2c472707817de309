import { ConfigError, type ConfigProblem, loadConfig } from '@ipsmgw/config'
import { ServiceCentreClock } from '@ipsmgw/sms'
import { type Policy, policySchema } from './schema.ts'

/** Settings that no profile may change. */
const OF_THE_DOCUMENT = ['version', 'profiles', 'timeZone']

/**
 * Reads and checks a policy document; without a file all defaults hold. `base` are settings that the file may replace.
 * Throws `ConfigError` with all problems.
 */
export function loadPolicy(file?: string, base: Readonly<Record<string, unknown>> = {}): Policy {
  const source = { environment: {}, ...(file !== undefined && file !== '' && { file }) }
  const { config } = loadConfig(policySchema, { ...source, base })
  const problems = problemsOf(config as Policy)
  const profiles: Record<string, Policy> = {}
  for (const [name, changes] of Object.entries(config.profiles)) {
    for (const key of OF_THE_DOCUMENT.filter((key) => Object.hasOwn(changes, key)))
      problems.push(under(name, { path: key, source: 'file', message: 'holds for the whole document' }))
    try {
      profiles[name] = profile(config, changes)
      problems.push(...problemsOf(profiles[name]).map((problem) => under(name, problem)))
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      problems.push(...error.problems.map((problem) => under(name, problem)))
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { ...config, profiles }
}

/** The document with these settings in place of its own: maps one by one, lists as a whole. */
function profile(document: object, changes: object): Policy {
  const { profiles: _, ...base } = structuredClone(document) as Record<string, unknown>
  const { config } = loadConfig(policySchema, { environment: {}, base: merged(base, changes) })
  return config as Policy
}

function merged(base: object, over: object): Record<string, unknown> {
  const result = { ...base } as Record<string, unknown>
  for (const [key, value] of Object.entries(over))
    result[key] = isMap(result[key]) && isMap(value) ? merged(result[key], value) : value
  return result
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What the schema cannot say. */
function problemsOf({ timeZone, originator, authorisation }: Policy): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const wrong = (path: string, message: string) => problems.push({ path, source: 'file', message })
  try {
    new ServiceCentreClock(timeZone)
  } catch {
    wrong('timeZone', 'must be an IANA zone or an offset, e.g. Europe/Berlin or +01:00')
  }
  const { withoutNumber, fixed, pool } = originator
  if (withoutNumber === 'fixed' && fixed === undefined)
    wrong('originator.fixed', 'must be set for withoutNumber: fixed')
  if (withoutNumber === 'pseudo' && pool === undefined)
    wrong('originator.pool', 'must be set for withoutNumber: pseudo')
  if (authorisation.homeData.use === 'or' && authorisation.default === 'allow')
    wrong('authorisation.homeData.use', 'or needs default: deny, else there is nobody left to allow')
  if (pool !== undefined && !fits(pool)) wrong('originator.pool', 'must end below 16 digits')
  return problems
}

function fits({ first, count }: NonNullable<Policy['originator']['pool']>): boolean {
  return String(BigInt(first.slice(1)) + BigInt(count - 1)).length === first.length - 1
}

function under(name: string, problem: ConfigProblem): ConfigProblem {
  return { ...problem, path: `profiles.${name}.${problem.path}` }
}
