// Runs under a kernel with SCTP, where `delivery-sctp.test.ts` starts it.
import { after, before, test } from 'node:test'
import { M3uaEndpoint } from '@ipsmgw/m3ua'
import { pointCodeOf } from '@ipsmgw/sigtran'
import { LAB_GATEWAYS } from '@ipsmgw/test/lab'
import { GatewayInLab, SCSCF } from '../../e2e/gateway.ts'
import { Sender } from '../../e2e/sender.ts'
import { m3uaConfig, type OsmoStp, startOsmoStp } from '../../support/osmo-stp.ts'
import { allAreDelivered, type Installation, outageIsToldTruly } from './delivery.ts'
import { LabBehindStp } from './lab-behind-stp.ts'

const HOST = '127.0.0.1'
const PORT = 2905
const GATEWAY = { pointCode: '1.1.1', routingContext: 100, localPort: 2911 }
const LAB = { pointCode: '1.1.2', routingContext: 101, localPort: 2912 }
/** The guest is slow. */
const ANSWER_BY_MS = 20_000

let stp: OsmoStp
let installation: Installation

before(async () => {
  const node = (name: string, { pointCode, routingContext, localPort }: typeof GATEWAY) => ({
    ...{ name, pointCode, routingContext },
    clientPorts: [localPort],
  })
  stp = await startOsmoStp(m3uaConfig(PORT, [node('gateway', GATEWAY), node('lab', LAB)]))
  const asp = new M3uaEndpoint({
    paths: [
      {
        name: 'lab',
        transport: 'sctp',
        hosts: [HOST],
        port: PORT,
        localAddresses: [HOST],
        localPort: LAB.localPort,
      },
    ],
    applicationServers: [{ pointCode: pointCodeOf(LAB.pointCode), routingContext: LAB.routingContext }],
    networkIndicator: 2,
    timers: { reconnectMs: 50, longestReconnectMs: 500 },
  })
  const lab = new LabBehindStp(asp, pointCodeOf(GATEWAY.pointCode))
  const { globalTitle = '' } = LAB_GATEWAYS[0] ?? {}
  const gateway = await GatewayInLab.start({
    network: lab,
    sip: { answerByMs: ANSWER_BY_MS },
    routing: { attemptMs: 2_000, budgetMs: 4_000 },
    delivery: { mapTimerSeconds: 30 },
    sigtran: {
      links: [
        { name: 'stp', hosts: [HOST], port: PORT, localAddresses: [HOST], localPort: GATEWAY.localPort },
      ],
      instances: [{ pointCode: GATEWAY.pointCode, routingContext: GATEWAY.routingContext, globalTitle }],
      destinations: [LAB.pointCode],
    },
  })
  installation = { gateway, lab, stp, sender: await Sender.open(SCSCF, gateway.sip) }
})

after(async () => {
  await installation?.sender.close()
  await installation?.gateway.stop()
  await stp?.close()
})

test('TS 23.204 §6.13: 100 messages and long ones through two ASPs of a real STP: each once, 200', () =>
  allAreDelivered(installation))
test('an STP that stops and starts: every sender is told the truth, nothing is doubled', (context) =>
  outageIsToldTruly(installation, context))
