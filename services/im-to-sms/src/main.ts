import { createKafkaPart } from '@ipsmgw/bus'
import { KeyMaker } from '@ipsmgw/numbering'
import { PolicyFile } from '@ipsmgw/policy'
import { createHost, loadKey, runService } from '@ipsmgw/runtime'
import { buildImToSms } from './build.ts'
import { checkImToSms, imToSmsSchema } from './config.ts'

await runService({
  name: 'im-to-sms',
  summary: 'decides by policy and turns instant messages into short messages (step 7)',
  schema: imToSmsSchema,
  check: checkImToSms,
  async start({ config, ...context }) {
    const kafka = createKafkaPart(config.kafka, 'im-to-sms', context)
    const policy = new PolicyFile(config.policy.file, context.logger)
    const conversion = buildImToSms(config, {
      ...context,
      bus: kafka.bus,
      keys: new KeyMaker(loadKey(config.keys.hashFile)),
      policy: () => policy.current(),
    })
    const host = createHost(
      { ...config.http, version: context.version },
      { ...context, parts: [kafka, policy, conversion] },
    )
    await host.start()
    return host
  },
})
