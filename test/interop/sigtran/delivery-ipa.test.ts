// neighbours: osmo-stp
import { after, before, test } from 'node:test'
import { IpaLink } from '@ipsmgw/sccp'
import { pointCodeOf } from '@ipsmgw/sigtran'
import { LAB_GATEWAYS } from '@ipsmgw/test/lab'
import { GatewayInLab, SCSCF } from '../../e2e/gateway.ts'
import { Sender } from '../../e2e/sender.ts'
import { ipaConfig, type OsmoStp, startOsmoStp } from '../../support/osmo-stp.ts'
import { freePort } from '../../support/processes.ts'
import { allAreDelivered, type Installation, outageIsToldTruly } from './delivery.ts'
import { LabBehindStp } from './lab-behind-stp.ts'

const HOST = '127.0.0.1'
const LAB_POINT_CODE = '1.3.1'
const reconnect = { reconnectMs: 20, longestReconnectMs: 200 }

let stp: OsmoStp
let installation: Installation

before(async () => {
  const port = await freePort()
  const { pointCode = '', globalTitle = '' } = LAB_GATEWAYS[0] ?? {}
  stp = await startOsmoStp(
    ipaConfig(port, [
      { name: 'gateway', pointCode, destination: LAB_POINT_CODE },
      { name: 'lab', pointCode: LAB_POINT_CODE, destination: pointCode },
    ]),
  )
  const link = new IpaLink({ connect: { transport: 'tcp', host: HOST, port }, unitName: 'lab', reconnect })
  const lab = new LabBehindStp(link, pointCodeOf(pointCode))
  const gateway = await GatewayInLab.start({
    network: lab,
    // The HLR is behind the STP, too.
    routing: { protocols: ['map'] },
    delivery: { mapTimerSeconds: 30 },
    sigtran: {
      transport: 'ipa',
      links: [{ name: 'stp', hosts: [HOST], port }],
      instances: [{ pointCode, globalTitle, unitName: 'gateway' }],
    },
  })
  installation = { gateway, lab, stp, sender: await Sender.open(SCSCF, gateway.sip) }
})
after(async () => {
  await installation?.sender.close()
  await installation?.gateway.stop()
  await stp?.close()
})

test('TS 23.204 §6.13: 100 messages and long ones, HLR and MSC behind a real STP over IPA: each once, 200', () =>
  allAreDelivered(installation))
test('an STP that stops and starts: every sender is told the truth, nothing is doubled', (context) =>
  outageIsToldTruly(installation, context))
