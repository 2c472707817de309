import { createKafkaPart } from '@ipsmgw/bus'
import { createDiameterPart } from '@ipsmgw/diameter'
import { KeyMaker } from '@ipsmgw/numbering'
import { PolicyFile } from '@ipsmgw/policy'
import { createHost, loadKey, runService } from '@ipsmgw/runtime'
import { createSigtranPart } from '@ipsmgw/sigtran'
import { buildHssRouting, buildQueries } from './build.ts'
import { checkHssRouting, hssRoutingSchema } from './config.ts'
import { QUERY_APPLICATIONS } from './diameter-queries.ts'

await runService({
  name: 'hss-routing',
  summary: 'asks the HSS who and where the recipient is (step 8)',
  schema: hssRoutingSchema,
  check: checkHssRouting,
  async start({ config, ...context }) {
    const kafka = createKafkaPart(config.kafka, 'hss-routing', context)
    const diameter = createDiameterPart(
      config.diameter,
      { ordinal: config.ordinal, applications: QUERY_APPLICATIONS },
      context,
    )
    const sigtran = config.sigtran && createSigtranPart(config.sigtran, { ordinal: config.ordinal }, context)
    const policy = new PolicyFile(config.policy.file, context.logger)
    const routing = buildHssRouting(config, {
      ...context,
      bus: kafka.bus,
      keys: new KeyMaker(loadKey(config.keys.hashFile)),
      queries: buildQueries(config, { diameter, sigtran }),
      policy: () => policy.current(),
    })
    const host = createHost(
      { ...config.http, version: context.version },
      { ...context, parts: [kafka, policy, diameter, ...(sigtran === undefined ? [] : [sigtran]), routing] },
    )
    await host.start()
    return host
  },
})
