import { runService } from '@ipsmgw/runtime'
import { checkStandalone, standaloneSchema } from './config.ts'
import { createStandalone } from './standalone.ts'

await runService({
  name: 'standalone',
  summary: 'the whole gateway in one process, with its journal on disk',
  schema: standaloneSchema,
  check: checkStandalone,
  async start({ config, ...context }) {
    const standalone = createStandalone(config, context)
    await standalone.start()
    context.logger.info({ sipPort: standalone.sipPort(), httpPort: standalone.port() }, 'listening')
    return standalone
  },
})
