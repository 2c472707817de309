import { createHost, httpSchema, runService } from '@ipsmgw/runtime'
import Type from 'typebox'
import { labOptions, labSchema } from './config.ts'
import { createLab } from './lab.ts'
import { LAB_NODES } from './nodes.ts'

const HTTP_PORT = 8090

await runService({
  name: 'lab',
  summary: 'the neighbours of a gateway that runs elsewhere: HSS, HLR, MSC, MME, SGSN, phones',
  schema: Type.Object({ http: httpSchema, lab: labSchema }, { additionalProperties: false }),
  base: { http: { port: HTTP_PORT } },
  async start({ config, logger, registry, version }) {
    const lab = createLab(labOptions(config.lab))
    const host = createHost(
      { ...config.http, version },
      { registry, logger, parts: [lab], routes: (server) => lab.routes(server) },
    )
    await host.start()
    const { hss, mme, sgsn, stp } = lab.ports()
    for (const [name, port] of [
      [LAB_NODES.hss.identity, hss],
      [LAB_NODES.mme.identity, mme],
      [LAB_NODES.sgsn.identity, sgsn],
      ['STP with HLR, MSC and SGSN behind it', stp],
    ] as const)
      logger.info({ identity: name, host: config.lab.host, port }, 'neighbour is listening')
    logger.info({ host: config.http.host, port: host.port() }, 'lab is listening')
    return host
  },
})
