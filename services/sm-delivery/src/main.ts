import { createKafkaPart } from '@ipsmgw/bus'
import { createDiameterPart } from '@ipsmgw/diameter'
import { createHost, runService } from '@ipsmgw/runtime'
import { buildForwarders, buildSmDelivery } from './build.ts'
import { smDeliverySchema } from './config.ts'
import { FORWARD_APPLICATIONS } from './sgd-forwarder.ts'

await runService({
  name: 'sm-delivery',
  summary: 'forwards short messages to the serving nodes, each at most once (steps 9-12)',
  schema: smDeliverySchema,
  async start({ config, ...context }) {
    const kafka = createKafkaPart(config.kafka, 'sm-delivery', context)
    const diameter = createDiameterPart(
      config.diameter,
      { ordinal: config.ordinal, applications: FORWARD_APPLICATIONS },
      context,
    )
    const delivery = buildSmDelivery(config, {
      ...context,
      bus: kafka.bus,
      forwarders: buildForwarders(config, diameter),
    })
    const host = createHost(
      { ...config.http, version: context.version },
      { ...context, parts: [kafka, diameter, delivery] },
    )
    await host.start()
    return host
  },
})
