import { M3uaEndpoint } from '@ipsmgw/m3ua'
import { pointCodeOf } from '@ipsmgw/sigtran'
import { LAB_GATEWAYS } from '@ipsmgw/test/lab'
import { GatewayInLab, SCSCF } from '../../e2e/gateway.ts'
import { Sender } from '../../e2e/sender.ts'
import { m3uaConfig, startOsmoStp } from '../../support/osmo-stp.ts'
import type { Installation } from './delivery.ts'
import { LabBehindStp } from './lab-behind-stp.ts'

const HOST = '127.0.0.1'
export const STP_PORT = 2905
const GATEWAY = { pointCode: '1.1.1', routingContext: 100, localPort: 2911 }
const LAB = { pointCode: '1.1.2', routingContext: 101, localPort: 2912 }
/** A guest is slow. */
const ANSWER_BY_MS = 20_000

/** Gateway and lab as two ASPs of a real STP over SCTP. */
export async function startOverSctp(routing: object = {}): Promise<Installation> {
  const stp = await startOsmoStp(m3uaConfig(STP_PORT, [nodeOf('gateway', GATEWAY), nodeOf('lab', LAB)]))
  const lab = new LabBehindStp(asp(), pointCodeOf(GATEWAY.pointCode))
  const { pointCode, routingContext, localPort } = GATEWAY
  const { globalTitle = '' } = LAB_GATEWAYS[0] ?? {}
  const gateway = await GatewayInLab.start({
    network: lab,
    sip: { answerByMs: ANSWER_BY_MS },
    routing: { attemptMs: 2_000, budgetMs: 4_000, ...routing },
    delivery: { mapTimerSeconds: 30 },
    sigtran: {
      links: [{ name: 'stp', hosts: [HOST], port: STP_PORT, localAddresses: [HOST], localPort }],
      instances: [{ pointCode, routingContext, globalTitle }],
      destinations: [LAB.pointCode],
    },
  })
  return { gateway, lab, stp, sender: await Sender.open(SCSCF, gateway.sip) }
}

export async function stop(installation: Installation | undefined): Promise<void> {
  await installation?.sender.close()
  await installation?.gateway.stop()
  await installation?.stp.close()
}

function nodeOf(name: string, { pointCode, routingContext, localPort }: typeof GATEWAY) {
  return { name, pointCode, routingContext, clientPorts: [localPort] }
}

function asp(): M3uaEndpoint {
  const { pointCode, routingContext, localPort } = LAB
  const at = { hosts: [HOST], port: STP_PORT, localAddresses: [HOST], localPort }
  return new M3uaEndpoint({
    paths: [{ name: 'lab', transport: 'sctp', ...at }],
    applicationServers: [{ pointCode: pointCodeOf(pointCode), routingContext }],
    networkIndicator: 2,
    timers: { reconnectMs: 50, longestReconnectMs: 500 },
  })
}
