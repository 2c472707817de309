import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createLab, LAB_GATEWAY, labPeers, labSigtran } from '@ipsmgw/test/lab'
import { freePorts, ready } from '../support/gateway-process.ts'
import { NotifiedCore } from '../support/notified-core.ts'
import { type RunningProcess, startSource } from '../support/processes.ts'
import { SettingsFolder } from '../support/separate-processes.ts'
import { SCSCF } from './gateway.ts'
import { Sender } from './sender.ts'

const HOST = '127.0.0.1'
const CORE = '127.0.0.22'

describe('notifications and SIGKILL of the gateway', () => {
  const lab = createLab({ host: HOST, ports: { hss: 0, mme: 0, sgsn: 0, stp: 0 } })
  const folder = new SettingsFolder()
  let gateway: RunningProcess | undefined
  let sender: Sender
  let settings: string
  let url: string
  let corePort: number

  before(async () => {
    await lab.start()
    const [sip = 0, http = 0, core = 0] = await freePorts(3)
    corePort = core
    url = `http://${HOST}:${http}`
    const notificationRoute = `<sip:${CORE}:${core};transport=tcp;lr>`
    settings = folder.write('standalone', {
      http: { port: http },
      sip: {
        port: sip,
        answerByMs: 8_000,
        peers: [{ name: 'scscf', addresses: [SCSCF], notificationRoute }],
        notifications: { attempts: 20, firstDelayMs: 300, maximumDelayMs: 300 },
      },
      diameter: { ...LAB_GATEWAY.diameter, peers: labPeers(HOST, lab.ports()) },
      sigtran: labSigtran(HOST, lab.ports()),
      routing: LAB_GATEWAY.routing,
      journal: { directory: join(folder.path, 'journal') },
    })
    sender = await Sender.open(SCSCF, { host: HOST, port: sip })
    await start()
  })
  after(async () => {
    await sender.close()
    await gateway?.stop('SIGKILL')
    await lab.stop()
    folder.remove()
  })

  async function start(): Promise<void> {
    gateway = await startSource('services/standalone/src/main.ts', ['--config', settings])
    await ready(url, gateway.ended)
  }

  async function send(messageId: string): Promise<number> {
    const to = '447900800001'
    lab.subscribers.set(to, { behaviour: 'reachable', node: 'mme' })
    const head = `From: <tel:+447700900111>\r\nTo: <tel:+${to}>\r\nNS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: ${messageId}\r\nDateTime: 2026-10-24T02:24:17Z\r\nimdn.Disposition-Notification: positive-delivery\r\n\r\n`
    const body = Buffer.from(`${head}Content-Type: text/plain\r\n\r\nHello`)
    return (await sender.send({ to, contentType: 'message/cpim', body })).status
  }

  test('what nobody could be told before the kill is told after it; what was told is not told again', async () => {
    const [told, owed] = [randomUUID(), randomUUID()]
    const first = await NotifiedCore.open(CORE, corePort)
    assert.equal(await send(told), 200)
    await first.about(told, 1)
    await first.close()

    assert.equal(await send(owed), 200)
    await gateway?.stop('SIGKILL')
    const second = await NotifiedCore.open(CORE, corePort)
    try {
      await start()
      await second.about(owed, 1)
      const later = randomUUID()
      assert.equal(await send(later), 200)
      await second.about(later, 1)
      assert.deepEqual(
        second.received.map((one) => one.element('message-id')),
        [owed, later],
      )
    } finally {
      await second.close()
    }
  })
})
