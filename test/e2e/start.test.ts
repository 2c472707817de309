import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { freePorts, type StartedGateway, startGateway } from '../support/gateway-process.ts'
import { ROOT, startProcess, startSource } from '../support/processes.ts'
import { SettingsFolder } from '../support/separate-processes.ts'
import { Sender } from './sender.ts'

const HOST = '127.0.0.1'

/** What a user or a checker may rely on: docs of `npm start`. */
describe('contract of npm start', () => {
  let gateway: StartedGateway
  let sender: Sender
  let startedWithinMs: number

  before(async () => {
    const startedAt = performance.now()
    gateway = await startGateway()
    startedWithinMs = performance.now() - startedAt
    sender = await Sender.open(HOST, { host: HOST, port: gateway.sipPort })
  })
  after(async () => {
    await sender.close()
    await gateway.stop()
  })

  const get = async (path: string) => (await fetch(gateway.url + path)).json() as Promise<unknown>
  const put = (number: string, body: object) =>
    fetch(`${gateway.url}/lab/subscribers/${number}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  test('it serves within 10 s, and says what is listening and what to type next', () => {
    assert.ok(startedWithinMs < 10_000, `ready after ${startedWithinMs} ms`)
    const output = gateway.output()
    assert.match(output, new RegExp(`SIP .*${HOST}:${gateway.sipPort}`))
    assert.match(output, new RegExp(gateway.url))
    assert.match(output, /ipsmgw.*send --to \+\d+ --text/)
  })

  test('probes and metrics are served', async () => {
    for (const path of ['/livez', '/readyz', '/metrics'])
      assert.equal((await fetch(gateway.url + path)).status, 200, path)
    assert.match(await (await fetch(`${gateway.url}/metrics`)).text(), /^ipsmgw_sip_requests_total/m)
  })

  for (const transport of ['udp', 'tcp'] as const) {
    test(`a MESSAGE over ${transport} to any number: 200 OK, the text on the phone, the timeline in the API`, async () => {
      const to = transport === 'udp' ? '447900700001' : '447900700002'
      const { status, callId } = await sender.send({ to, text: 'Grüße 👋', transport })
      assert.equal(status, 200)
      const [message, ...more] = (await get(`/lab/phones/${to}/messages`)) as Record<string, unknown>[]
      assert.deepEqual(more, [])
      assert.partialDeepStrictEqual(message, { text: 'Grüße 👋', originator: '+447700900111', parts: 1 })
      assert.ok(Number.isFinite(Date.parse(String(message?.receivedAt))))
      assert.match(String(message?.tpdus), /^04[0-9a-f]+$/)
      const [view] = (await get(`/api/messages?callId=${callId}`)) as [
        { messageId: string; timeline: object[] },
      ]
      assert.deepEqual(await get(`/api/messages/${view.messageId}`), view)
      assert.ok(view.timeline.length >= 5)
      const text = JSON.stringify(view)
      assert.ok(!text.includes(to) && !text.includes('447700900111') && !text.includes('Grüße'))
      const queries = (await get(`/lab/hss/log?msisdn=${to}`)) as { command: string }[]
      assert.deepEqual(
        queries.map(({ command }) => command),
        ['SRR'],
      )
      const forwards = (await get(`/lab/nodes/log?msisdn=${to}`)) as { tpdu: string }[]
      assert.deepEqual(
        forwards.map(({ tpdu }) => tpdu),
        message?.tpdus,
      )
    })
  }

  const BEHAVIOURS = {
    reachable: 200,
    absent: 480,
    'memory-full': 480,
    busy: 486,
    unknown: 404,
    barred: 403,
    'not-provisioned': 403,
    'system-failure': 480,
  }
  for (const node of ['msc', 'mme', 'sgsn'])
    for (const [behaviour, status] of Object.entries(BEHAVIOURS)) {
      test(`PUT /lab/subscribers: ${behaviour} at the ${node} gives ${status}`, async () => {
        const to = '447900700100'
        assert.equal((await put(to, { behaviour, node, delayMs: 10 })).status, 200)
        assert.equal((await sender.send({ to })).status, status)
      })
    }

  test('a subscriber without a setting sits on the MSC: the log shows mt-ForwardSM', async () => {
    const to = '447900700101'
    assert.equal((await sender.send({ to })).status, 200)
    const [forward, ...more] = (await get(`/lab/nodes/log?msisdn=${to}`)) as object[]
    assert.deepEqual(more, [])
    assert.partialDeepStrictEqual(forward, {
      node: 'msc.lab.invalid',
      command: 'mt-ForwardSM',
      version: 3,
      result: 'result',
    })
  })

  test('a setting that is none is refused with a sentence', async () => {
    const response = await put('447900700100', { behaviour: 'asleep' })
    assert.equal(response.status, 400)
    assert.match(((await response.json()) as { error: string }).error, /behaviour must be one of reachable/)
  })

  test('the command that was printed sends a message and explains the 200', async () => {
    const cli = await startProcess(process.execPath, [
      `${ROOT}services/cli/src/main.ts`,
      'send',
      '--to',
      '+447900700200',
      '--text',
      'Hello from IMS',
      '--gateway',
      `${HOST}:${gateway.sipPort}`,
      '--http',
      gateway.url,
    ])
    assert.equal(await cli.ended, 0, cli.output())
    assert.match(cli.output(), /200 OK/)
  })
})

describe('npm start that cannot start', () => {
  let running: StartedGateway
  const folder = new SettingsFolder()
  before(async () => {
    running = await startGateway()
  })
  after(async () => {
    await running.stop()
    folder.remove()
  })

  /** A second one beside the running one; what it says besides its log, and its exit code. */
  async function startSecond(environment: Record<string, string>) {
    const [sip, http] = await freePorts(2)
    const second = await startSource('test/lab/src/start.ts', [], {
      environment: {
        IPSMGW_SIP_PORT: String(sip),
        IPSMGW_HTTP_PORT: String(http),
        IPSMGW_JOURNAL_DIRECTORY: folder.path,
        ...environment,
      },
    })
    const code = await second.ended
    const said = second.output().trim().split('\n')
    return { code, complaints: said.filter((line) => !line.startsWith('{')) }
  }

  for (const [what, variable] of [
    ['SIP', 'IPSMGW_SIP_PORT'],
    ['HTTP', 'IPSMGW_HTTP_PORT'],
    ['Diameter (hss.lab.invalid)', 'IPSMGW_LAB_HSS_PORT'],
    ['M3UA (STP of the lab)', 'IPSMGW_LAB_STP_PORT'],
  ] as const) {
    test(`a busy ${what} port is one sentence that names ${variable}, exit code 1`, async () => {
      const port = {
        IPSMGW_SIP_PORT: running.sipPort,
        IPSMGW_HTTP_PORT: new URL(running.url).port,
        IPSMGW_LAB_HSS_PORT: running.labPorts.hss,
        IPSMGW_LAB_STP_PORT: running.labPorts.stp,
      }[variable]
      assert.deepEqual(await startSecond({ [variable]: String(port) }), {
        code: 1,
        complaints: [
          `ipsmgw: ${what} port ${HOST}:${port} is already in use; choose another one with ${variable}`,
        ],
      })
    })
  }

  test('a bad setting is named with its variable, exit code 2', async () => {
    const { code, complaints } = await startSecond({ IPSMGW_SIP_PORT: '70000' })
    assert.equal(code, 2)
    assert.match(complaints.join('\n'), /sip\.port \(IPSMGW_SIP_PORT\)/)
  })
})
