// `ipsmgw doctor patience` through Kamailio, which gives up sooner than the gateway: the time it finds is the proxy's.
// A quarter of a minute.
// neighbours: kamailio
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startGateway } from '../../support/gateway-process.ts'
import { freePort, startSource } from '../../support/processes.ts'
import { startKamailio } from './kamailio.ts'

const PATIENCE_MS = 2_500

describe('ipsmgw doctor patience', () => {
  test('between the sender and the gateway a proxy waits 2.5 s: 3 s do not pass, less does, and what to set is said', async (t) => {
    const gateway = await startGateway()
    t.after(() => gateway.stop())
    const listenPort = await freePort()
    const kamailio = await startKamailio({
      listenPort,
      gateways: [gateway.sipPort],
      transport: 'tcp',
      patienceMs: PATIENCE_MS,
    })
    t.after(() => kamailio.stop())
    const doctor = await startSource('services/cli/src/main.ts', [
      ...['doctor', 'patience', '--core', `127.0.0.1:${listenPort}`, '--lab', gateway.url],
      ...['--to', '+447700900123', '--longest', '5'],
    ])
    assert.equal(await doctor.ended, 0, doctor.output())
    assert.match(doctor.output(), /phone after 3 s: [45]\d\d after [23]\.\d s/)
    // On a machine that is busy 2 s may be too long by a little.
    assert.match(
      doctor.output(),
      /the chain waits [12] s and gave up before [23] s \([45]\d\d .*: set earlyAnswerMs/,
    )
  })
})
