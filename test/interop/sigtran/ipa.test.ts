// neighbours: osmo-stp
import { after, before, test } from 'node:test'
import { IpaLink } from '@ipsmgw/sccp'
import { ipaConfig, type OsmoStp, startOsmoStp } from '../../support/osmo-stp.ts'
import { freePort } from '../../support/processes.ts'
import {
  bothWaysInOrder,
  type Exchange,
  everyLengthArrives,
  GATEWAY_POINT_CODE,
  MSC_POINT_CODE,
  outageLosesNothingSilently,
  reaches,
  User,
  unknownSubsystemReturns,
} from './exchange.ts'

let stp: OsmoStp
let exchange: Exchange
const links: IpaLink[] = []

before(async () => {
  const port = await freePort()
  stp = await startOsmoStp(
    ipaConfig(port, [
      { name: 'gateway', pointCode: '1.1.1', destination: '1.1.2' },
      { name: 'msc', pointCode: '1.1.2', destination: '1.1.1' },
    ]),
  )
  const link = (unitName: string) => {
    const connect = { transport: 'tcp', host: '127.0.0.1', port } as const
    const reconnect = { reconnectMs: 20, longestReconnectMs: 200 }
    const made = new IpaLink({ connect, unitName, reconnect })
    links.push(made)
    made.start()
    return made
  }
  exchange = {
    gateway: new User(link('gateway'), GATEWAY_POINT_CODE, MSC_POINT_CODE),
    msc: new User(link('msc'), MSC_POINT_CODE, GATEWAY_POINT_CODE),
  }
  await Promise.all(links.map((it) => reaches(it, 'up')))
})

after(async () => {
  await Promise.all(links.map((it) => it.stop()))
  await stp?.close()
})

test('Q.714 §4.1: UDT and XUDT of every length cross the STP over IPA', () => everyLengthArrives(exchange))
test('Q.714 §4.1.1: one sequence control keeps the order both ways over IPA', () => bothWaysInOrder(exchange))
test('Q.714 §4.2: an unknown subsystem behind the STP returns the message', () =>
  unknownSubsystemReturns(exchange))
test('an STP that stops and starts: both reconnect, nothing is doubled or silently lost', (context) =>
  outageLosesNothingSilently(exchange, stp, context))
