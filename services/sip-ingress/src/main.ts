import { createKafkaPart } from '@ipsmgw/bus'
import { KeyMaker } from '@ipsmgw/numbering'
import { PolicyFile } from '@ipsmgw/policy'
import { createHost, loadKey, runService } from '@ipsmgw/runtime'
import { buildSipIngress } from './build.ts'
import { checkSipIngress, sipIngressSchema } from './config.ts'

await runService({
  name: 'sip-ingress',
  summary: 'takes SIP MESSAGE requests and answers them when the phone has (steps 1-7 and 13)',
  schema: sipIngressSchema,
  check: checkSipIngress,
  async start({ config, ...context }) {
    const kafka = createKafkaPart(config.kafka, 'sip-ingress', context)
    const policy = new PolicyFile(config.policy.file, context.logger)
    const ingress = buildSipIngress(config, {
      ...context,
      bus: kafka.bus,
      keys: new KeyMaker(loadKey(config.keys.hashFile)),
      policy: () => policy.current(),
    })
    const host = createHost(
      { ...config.http, version: context.version },
      { ...context, parts: [kafka, policy, ingress] },
    )
    await host.start()
    return host
  },
})
