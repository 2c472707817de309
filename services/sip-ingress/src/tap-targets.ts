import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { loadConfig } from '@ipsmgw/config'
import { identityOf } from '@ipsmgw/policy'
import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const

/** The list of targets, written by whoever may order taps. */
const targetListSchema = Type.Object(
  {
    targets: Type.Array(
      Type.Object(
        {
          reference: Type.String({
            minLength: 1,
            maxLength: 128,
            description: 'what copies are marked with',
          }),
          number: Type.Optional(Type.String({ pattern: '^\\+[1-9][0-9]{4,14}$' })),
          identity: Type.Optional(Type.String({ pattern: '^(sips?|tel):', maxLength: 2048 })),
        },
        closed,
      ),
      { maxItems: 100_000 },
    ),
  },
  closed,
)

/** References by number and by identity. Throws `ConfigError`. */
export function readTargets(file: string): Map<string, string[]> {
  const { config } = loadConfig(targetListSchema, { file, environment: {} })
  const targets = new Map<string, string[]>()
  for (const target of config.targets)
    for (const key of keysOf(target)) targets.set(key, [...(targets.get(key) ?? []), target.reference])
  return targets
}

function keysOf({ number, identity }: Static<typeof targetListSchema>['targets'][number]): string[] {
  return [
    ...(number === undefined ? [] : [number]),
    ...(identity === undefined ? [] : [identityOf(identity)]),
  ]
}

/** SHA-256 of the file, hex; empty when it cannot be read. */
export function digestOf(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex')
  } catch {
    return ''
  }
}
