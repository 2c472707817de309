import { createKafkaPart } from '@ipsmgw/bus'
import { createDiameterPart } from '@ipsmgw/diameter'
import { hssRoutingStrays } from '@ipsmgw/events'
import { KeyMaker } from '@ipsmgw/numbering'
import { PolicyFile } from '@ipsmgw/policy'
import { createHost, loadKey, runService } from '@ipsmgw/runtime'
import { createSigtranPart } from '@ipsmgw/sigtran'
import { mapAlertHandlers, serveAlerts } from './alert-handlers.ts'
import { buildAlerts, buildHssRouting, buildQueries, buildStatusQueries } from './build.ts'
import { checkHssRouting, hssRoutingSchema } from './config.ts'
import { QUERY_APPLICATIONS } from './s6c-routing.ts'

await runService({
  name: 'hss-routing',
  summary: 'asks the HSS who and where the recipient is (step 8)',
  schema: hssRoutingSchema,
  check: checkHssRouting,
  async start({ config, ...context }) {
    const kafka = createKafkaPart(config.kafka, 'hss-routing', context)
    const keys = new KeyMaker(loadKey(config.keys.hashFile))
    const alerts = buildAlerts(config, { ...context, bus: kafka.bus, keys })
    const diameter = createDiameterPart(
      config.diameter,
      { ordinal: config.ordinal, applications: QUERY_APPLICATIONS },
      context,
    )
    serveAlerts(diameter.node, alerts)
    const sigtran =
      config.sigtran &&
      createSigtranPart(
        config.sigtran,
        { ordinal: config.ordinal, handlers: mapAlertHandlers(alerts) },
        {
          ...context,
          strays: {
            send: (ordinal, stray) => kafka.bus.publish(hssRoutingStrays, stray, { partition: ordinal }),
            receive: (take) => kafka.bus.replies(hssRoutingStrays, config.ordinal, take),
          },
        },
      )
    const legs = { diameter, sigtran }
    const policy = new PolicyFile(config.policy.file, context.logger)
    const routing = buildHssRouting(config, {
      ...context,
      bus: kafka.bus,
      keys,
      queries: buildQueries(config, legs, context),
      statuses: buildStatusQueries(config, legs),
      policy: () => policy.current(),
    })
    const host = createHost(
      { ...config.http, version: context.version },
      {
        ...context,
        parts: [kafka, policy, diameter, ...(sigtran === undefined ? [] : [sigtran]), routing],
        routes(server) {
          server.get('/api/peers', () => diameter.node.peers())
        },
      },
    )
    await host.start()
    return host
  },
})
