import { ConfigError, loadConfig } from '@ipsmgw/config'
import { ServiceCentreClock } from '@ipsmgw/sms'
import { type Policy, policySchema } from './schema.ts'

/** Reads and checks a policy document; without a file all defaults hold. Throws `ConfigError` with all problems. */
export function loadPolicy(file?: string): Policy {
  const { config } = loadConfig(policySchema, {
    environment: {},
    ...(file !== undefined && file !== '' && { file }),
  })
  checkTimeZone(config.timeZone)
  return config
}

function checkTimeZone(timeZone: string): void {
  try {
    new ServiceCentreClock(timeZone)
  } catch {
    throw new ConfigError([
      {
        path: 'timeZone',
        source: 'file',
        message: 'must be an IANA zone or an offset, e.g. Europe/Berlin or +01:00',
      },
    ])
  }
}
