import { createKafkaPart } from '@ipsmgw/bus'
import { createDiameterPart } from '@ipsmgw/diameter'
import { smDeliveryStrays } from '@ipsmgw/events'
import { createHost, runService } from '@ipsmgw/runtime'
import { createSigtranPart } from '@ipsmgw/sigtran'
import { buildForwarders, buildSmDelivery } from './build.ts'
import { checkSmDelivery, smDeliverySchema } from './config.ts'
import { FORWARD_APPLICATIONS } from './sgd-forwarder.ts'

await runService({
  name: 'sm-delivery',
  summary: 'forwards short messages to the serving nodes, each at most once (steps 9-12)',
  schema: smDeliverySchema,
  check: checkSmDelivery,
  async start({ config, ...context }) {
    const kafka = createKafkaPart(config.kafka, 'sm-delivery', context)
    const diameter = createDiameterPart(
      config.diameter,
      { ordinal: config.ordinal, applications: FORWARD_APPLICATIONS },
      context,
    )
    const sigtran =
      config.sigtran &&
      createSigtranPart(
        config.sigtran,
        { ordinal: config.ordinal },
        {
          ...context,
          strays: {
            send: (ordinal, stray) => kafka.bus.publish(smDeliveryStrays, stray, { partition: ordinal }),
            receive: (take) => kafka.bus.replies(smDeliveryStrays, config.ordinal, take),
          },
        },
      )
    const delivery = buildSmDelivery(config, {
      ...context,
      bus: kafka.bus,
      forwarders: buildForwarders(config, { diameter, sigtran }),
    })
    const host = createHost(
      { ...config.http, version: context.version },
      {
        ...context,
        parts: [kafka, diameter, ...(sigtran === undefined ? [] : [sigtran]), delivery],
        routes(server) {
          server.get('/api/peers', () => diameter.node.peers())
        },
      },
    )
    await host.start()
    return host
  },
})
