import { setTimeout as delay } from 'node:timers/promises'
import { M3UA_PORT } from '@ipsmgw/m3ua'
import { type Part, runService, StartError } from '@ipsmgw/runtime'
import {
  buildNetwork,
  checkStandalone,
  createStandalone,
  type Standalone,
  standaloneSchema,
} from '@ipsmgw/standalone'
import Type, { type Static } from 'typebox'
import { labOptions, labSchema } from './config.ts'
import { LAB_GATEWAY, labLinks, labPeers, labSigtran } from './gateway-settings.ts'
import { createLab, type Lab } from './lab.ts'

/** Anybody on this machine may send, as if it were the S-CSCF. */
const PEERS = [{ name: 'this-machine', addresses: ['127.0.0.0/8', '::1/128'] }]
const CONNECTED_WITHIN_MS = 5_000

const startSchema = Type.Object(
  { ...standaloneSchema.properties, lab: labSchema },
  { additionalProperties: false },
)
type StartConfig = Static<typeof startSchema>

await runService({
  name: 'ipsmgw',
  summary: 'the whole gateway and a lab of neighbours around it, in one process',
  schema: startSchema,
  base: {
    ...LAB_GATEWAY,
    sigtran: labSigtran('127.0.0.1', { stp: M3UA_PORT }),
    sip: { peers: PEERS },
    lab: { hssPort: 0, mmePort: 0, sgsnPort: 0, stpPort: 0 },
  },
  check: checkStandalone,
  async start({ config, ...context }) {
    const lab = createLab(labOptions(config.lab))
    await lab.start()
    try {
      const diameter = { ...config.diameter, peers: labPeers(config.lab.host, lab.ports()) }
      const sigtran = config.sigtran && { ...config.sigtran, links: labLinks(config.lab.host, lab.ports()) }
      const standalone = createStandalone(config, {
        ...context,
        network(surroundings) {
          const network = buildNetwork({ ...config, diameter, ...(sigtran && { sigtran }) }, surroundings)
          return { ...network, parts: [...network.parts, untilConnected(lab)] }
        },
        routes: (server) => lab.routes(server),
      })
      await standalone.start()
      tell(config, standalone, lab)
      return {
        async stop() {
          await standalone.stop()
          await lab.stop()
        },
      }
    } catch (error) {
      await lab.stop()
      throw error
    }
  },
})

/** What follows, the SIP side above all, starts when gateway and neighbours have met. */
function untilConnected(lab: Lab): Part {
  return {
    name: 'lab',
    async start() {
      const until = performance.now() + CONNECTED_WITHIN_MS
      while (!lab.connected()) {
        if (performance.now() > until)
          throw new StartError('the gateway could not connect to the neighbours of the lab')
        await delay(10)
      }
    },
  }
}

/** What is listening, and the one line to type next. */
function tell({ sip, http, lab: { host } }: StartConfig, standalone: Standalone, lab: Lab): void {
  const gateway = `${sip.host}:${standalone.sipPort()}`
  const url = `http://${http.host}:${standalone.port()}`
  const { hss, mme, sgsn, stp } = lab.ports()
  const usual = gateway === '127.0.0.1:5060' && url === 'http://127.0.0.1:8080'
  console.log(`
ipsmgw is ready

  SIP   ${gateway} (UDP and TCP)
  HTTP  ${url}/readyz, /metrics, /api/messages?callId=..., /lab/phones/{number}/messages
  Lab   on ${host}: STP ${stp} (M3UA over TCP) before MSC, SGSN and HLR; Diameter of HSS ${hss}, MME ${mme}, SGSN ${sgsn}

Type in another terminal:

  npx ipsmgw send --to +447900123456 --text "Hello from IMS"${usual ? '' : ` --gateway ${gateway} --http ${url}`}
`)
}
