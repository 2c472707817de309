import { kafkaSchema } from '@ipsmgw/bus'
import { type ConfigProblem, problemsOf } from '@ipsmgw/config'
import { loadPolicy, policyFileSchema } from '@ipsmgw/policy'
import { httpSchema, keysSchema, loadKey } from '@ipsmgw/runtime'
import Type, { type Static } from 'typebox'

const conversionSchema = Type.Object(
  {
    maximumInFlight: Type.Integer({ default: 1_000, minimum: 1, description: 'messages being converted' }),
  },
  { additionalProperties: false, default: {} },
)

/** Settings of this service besides those of every service (http, kafka). */
export const imToSmsSections = {
  conversion: conversionSchema,
  keys: keysSchema,
  policy: policyFileSchema,
} as const

/** All settings of the process. */
export const imToSmsSchema = Type.Object(
  { http: httpSchema, kafka: kafkaSchema, ...imToSmsSections },
  { additionalProperties: false },
)

const sections = Type.Object(imToSmsSections)
export type ImToSmsConfig = Static<typeof sections>

/** What is wrong beyond the schema: files. */
export function checkImToSms(config: ImToSmsConfig): ConfigProblem[] {
  return [
    ...problemsOf('keys.hashFile', () => loadKey(config.keys.hashFile)),
    ...problemsOf('policy.file', () => loadPolicy(config.policy.file)),
  ]
}
