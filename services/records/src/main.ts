import { createKafkaPart } from '@ipsmgw/bus'
import { createHost, runService } from '@ipsmgw/runtime'
import { buildRecords } from './build.ts'
import { recordsServiceSchema } from './config.ts'

await runService({
  name: 'records',
  summary: 'follows the completion records and serves the message API',
  schema: recordsServiceSchema,
  async start({ config, ...context }) {
    const kafka = createKafkaPart(config.kafka, 'records', context)
    const records = buildRecords(config, { ...context, bus: kafka.bus })
    const host = createHost(
      { ...config.http, version: context.version },
      { ...context, parts: [kafka, records], routes: records.routes },
    )
    await host.start()
    return host
  },
})
