import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { createLab, LAB_GATEWAY, labPeers, labSigtran } from '@ipsmgw/test/lab'
import { eventually } from '../support/eventually.ts'
import { freePorts, ready } from '../support/gateway-process.ts'
import { type RunningProcess, startSource } from '../support/processes.ts'
import { SettingsFolder } from '../support/separate-processes.ts'
import { SCSCF } from './gateway.ts'
import { Sender } from './sender.ts'

const HOST = '127.0.0.1'
const PHONE_DELAY_MS = 2_500

describe('a gateway that is killed (SIGKILL) and started again on the same journal', () => {
  const lab = createLab({ host: HOST, ports: { hss: 0, mme: 0, sgsn: 0, stp: 0 } })
  let folder: SettingsFolder
  let gateway: RunningProcess
  let sender: Sender
  let settings: string
  let url: string

  before(() => lab.start())
  after(() => lab.stop())
  beforeEach(async () => {
    folder = new SettingsFolder()
    const [sip = 0, http = 0] = await freePorts(2)
    url = `http://${HOST}:${http}`
    settings = folder.write('standalone', {
      http: { port: http },
      sip: { port: sip, answerByMs: 8_000, peers: [{ name: 'scscf', addresses: [SCSCF] }] },
      diameter: { ...LAB_GATEWAY.diameter, peers: labPeers(HOST, lab.ports()) },
      sigtran: labSigtran(HOST, lab.ports()),
      routing: LAB_GATEWAY.routing,
      delivery: { firstPartMs: 100, furtherPartMs: 50 },
      journal: { directory: join(folder.path, 'journal') },
    })
    sender = await Sender.open(SCSCF, { host: HOST, port: sip })
    await start()
  })
  afterEach(async () => {
    await sender.close()
    await gateway.stop('SIGKILL')
    folder.remove()
  })

  async function start(): Promise<void> {
    gateway = await startSource('services/standalone/src/main.ts', ['--config', settings])
    await ready(url, gateway.ended)
  }

  test('behind a forward: the retransmission over UDP is answered 202, and the phone has one SMS', async () => {
    const to = '447900600001'
    lab.subscribers.set(to, { behaviour: 'reachable', delayMs: PHONE_DELAY_MS })
    const pending = sender.send({ to, transport: 'udp' })
    await eventually(() => lab.nodesLog.entries(to).length === 1, 'the forward')
    await gateway.stop('SIGKILL')
    await start()
    assert.equal((await pending).status, 202)
    await eventually(() => lab.phones.messagesOf(to).length > 0, 'the phone has it')
    assert.equal((await sender.send({ to, callId: (await pending).callId })).status, 202)
    assert.deepEqual([lab.phones.messagesOf(to).length, lab.nodesLog.entries(to).length], [1, 1])
  })

  test('behind the 200: the same request again is answered 200, and the phone has one SMS', async () => {
    const to = '447900600002'
    const { status, callId } = await sender.send({ to, transport: 'udp' })
    assert.equal(status, 200)
    await gateway.stop('SIGKILL')
    await start()
    assert.equal((await sender.send({ to, callId, transport: 'udp' })).status, 200)
    assert.deepEqual([lab.phones.messagesOf(to).length, lab.nodesLog.entries(to).length], [1, 1])
  })

  test('between two parts: no part is sent twice, and the answer is 202', async () => {
    const to = '447900600003'
    lab.subscribers.set(to, { behaviour: 'reachable', delayMs: 300 })
    const pending = sender.send({ to, text: 'ö'.repeat(400), transport: 'udp' })
    await eventually(() => lab.nodesLog.entries(to).length === 2, 'part 2')
    await gateway.stop('SIGKILL')
    await start()
    assert.equal((await pending).status, 202)
    const tpdus = lab.nodesLog.entries(to).map(({ tpdu }) => tpdu)
    assert.equal(new Set(tpdus).size, tpdus.length)
  })
})
