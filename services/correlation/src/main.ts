import { createKafkaPart } from '@ipsmgw/bus'
import { createHost, runService } from '@ipsmgw/runtime'
import { buildCorrelation } from './build.ts'
import { checkCorrelation, correlationServiceSchema } from './config.ts'

await runService({
  name: 'correlation',
  summary: 'decides what became of each message and answers its sender (steps 12 and 13)',
  schema: correlationServiceSchema,
  check: checkCorrelation,
  async start({ config, ...context }) {
    const kafka = createKafkaPart(config.kafka, 'correlation', context)
    const correlation = buildCorrelation(config, { ...context, bus: kafka.bus })
    const host = createHost(
      { ...config.http, version: context.version },
      { ...context, parts: [kafka, correlation] },
    )
    await host.start()
    return host
  },
})
