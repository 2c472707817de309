// A real Prometheus scrapes every service of an installation under load; each query of each panel returns data, and
// under a healthy load no alert is pending. About a minute.
// neighbours: kafka, sipp, prometheus
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { alertFiles } from '../../../scripts/check-metrics.ts'
import { eventually } from '../../support/eventually.ts'
import { Installation, type Replica } from '../../support/installation.ts'
import { differentMessages } from '../../support/load.ts'
import { freePort, ROOT } from '../../support/processes.ts'
import { Authority } from '../kafka/certificates.ts'
import { runSipp } from '../sip/sipp.ts'
import { Prometheus } from './prometheus.ts'

const folder = join(ROOT, 'helm', 'ipsmgw', 'files', 'dashboards')
const RATE_PER_SECOND = 50
const LOAD_SECONDS = 20

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}

/** What Grafana would put in place of its variables. */
const filledIn = (expression: string) =>
  expression.replaceAll('$job', '.+').replaceAll('$instance', '.+').replaceAll('$__rate_interval', '15s')

/** A request that is not even SIP, one of an unsupported kind of body, and one of an unsupported method. */
const oddRequests = (port: number) => {
  const request = (method: string, type: string) =>
    [
      `${method} tel:+447700800001 SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${method}${type.length}`,
      'Max-Forwards: 70',
      'From: <tel:+447700900111>;tag=1',
      'To: <tel:+447700800001>',
      `Call-ID: odd-${method}-${type.length}`,
      `CSeq: 1 ${method}`,
      'P-Asserted-Identity: <tel:+447700900111>',
      `Content-Type: ${type}`,
      'Content-Length: 1',
      '',
      'x',
    ].join('\r\n')
  return ['MESSAGE of nonsense\r\n\r\n', request('MESSAGE', 'image/png'), request('PUBLISH', 'text/plain')]
}

describe('dashboards over a running installation', () => {
  const certificates = mkdtempSync(join(tmpdir(), 'ipsmgw-panels-'))
  let installation: Installation
  let prometheus: Prometheus
  let ingress: Replica

  before(async () => {
    // The brokers are spoken to without TLS; the file is there to be watched.
    const { certificateFile: caFile } = new Authority(certificates, 'authority')
    installation = await Installation.start({ kafkaSettings: () => ({ caFile }) })
    const replicas = await installation.addAll()
    ingress = replicas['sip-ingress']
    const targets = Object.values(replicas).map(({ httpPort }) => `127.0.0.1:${httpPort}`)
    prometheus = await Prometheus.start(
      targets,
      alertFiles().map((path) => resolve(ROOT, path)),
    )
    await eventually(
      async () => (await prometheus.query('up == 1')).length === targets.length,
      'targets',
      20_000,
    )
    await load()
  })
  after(async () => {
    await prometheus?.stop()
    await installation?.stop()
    rmSync(certificates, { recursive: true, force: true })
  })

  const behave = (number: string, behaviour: string) =>
    fetch(`${installation.lab.url}/lab/subscribers/${number}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ behaviour }),
    })

  /** Mostly phones that answer, some that are away or that nobody knows, and requests that are refused. */
  async function load(): Promise<void> {
    await behave('447700800001', 'busy')
    await behave('447700800002', 'unknown')
    const socket = createSocket('udp4')
    const port = await freePort()
    await new Promise<void>((done) => socket.bind(port, '127.0.0.1', done))
    const odd = setInterval(() => {
      for (const text of oddRequests(port)) socket.send(text, ingress.sipPort, '127.0.0.1')
    }, 1_000)
    await runSipp({
      target: `127.0.0.1:${ingress.sipPort}`,
      transport: 'tcp',
      ratePerSecond: RATE_PER_SECOND,
      messages: differentMessages(RATE_PER_SECOND * LOAD_SECONDS, (i) => `Message ${i}`),
      localPort: await freePort(),
    })
    clearInterval(odd)
    socket.close()
  }

  for (const name of readdirSync(folder)) {
    const { panels } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { panels: readonly Panel[] }
    for (const panel of panels)
      for (const { expr } of panel.targets ?? [])
        test(`${name}, ${panel.title}: ${expr.slice(0, 60)} returns data`, async () => {
          const samples = await prometheus.query(filledIn(expr))
          const figures = samples.filter(({ value }) => Number.isFinite(Number(value[1])))
          assert.ok(figures.length > 0, `${samples.length} series, none with a figure: ${filledIn(expr)}`)
        })
  }

  test('no page is pending or firing while all is well', async () => {
    assert.deepEqual(await prometheus.query('ALERTS{severity="page"}'), [])
  })

  test('the number of series is bounded: no label holds a number, a text or an address of a peer', async () => {
    const series = await prometheus.query('{__name__=~"ipsmgw_.+"}')
    assert.ok(series.length < 5_000, `${series.length} series`)
    const values = series.flatMap(({ metric }) => Object.entries(metric))
    const personal = values.filter(([key, value]) => key !== 'instance' && /\d{7,}|@|tel:|sip:/.test(value))
    assert.deepEqual(personal, [])
  })
})
