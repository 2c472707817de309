import type { TObject } from 'typebox'
import { environmentNames } from './load.ts'

/** A table of every setting: environment variable, default, what it is. */
export function describeSettings(schema: TObject): string {
  const rows = [...environmentNames(schema)].map(([name, { path, schema: leaf }]) => {
    const fallback = 'default' in leaf ? JSON.stringify(leaf.default) : '(must be set)'
    const description = 'description' in leaf ? String(leaf.description) : path.join('.')
    return { name, fallback: fallback.length > 40 ? '(a list)' : fallback, description }
  })
  const width = Math.max(...rows.map((row) => row.name.length))
  return rows.map((row) => `  ${row.name.padEnd(width)}  ${row.description} [${row.fallback}]`).join('\n')
}

/** The configuration as it is in force, with everything secret hidden. */
export function printable(config: unknown): unknown {
  if (Array.isArray(config)) return config.map(printable)
  if (typeof config !== 'object' || config === null) return config
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      /password|secret|passphrase/i.test(key) && typeof value === 'string' ? '[hidden]' : printable(value),
    ]),
  )
}
