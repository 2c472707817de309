import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createNetServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type IncomingRequest, SipEndpoint } from '@ipsmgw/sip'
import { ipsmgw } from './testing/command.ts'

async function sip(
  t: TestContext,
  transports: readonly ('udp' | 'tcp')[],
  onRequest: (it: IncomingRequest) => void,
) {
  const first = await endpointAt(0, transports.slice(0, 1), onRequest)
  const port = first.addresses()[0]?.port ?? assert.fail()
  t.after(() => first.close())
  const rest = await endpointAt(port, transports.slice(1), onRequest)
  t.after(() => rest.close())
  return port
}

async function endpointAt(
  port: number,
  transports: readonly ('udp' | 'tcp')[],
  onRequest: (it: IncomingRequest) => void,
) {
  const listeners = transports.map((transport) => ({ transport, host: '127.0.0.1', port }))
  const endpoint = new SipEndpoint({ listeners }, { onRequest })
  await endpoint.start()
  return endpoint
}

async function http(t: TestContext, listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function file(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-doctor-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'config.yaml')
  writeFileSync(path, text)
  return path
}

/** Self-signed, for one day, made by OpenSSL. */
function certificate(folder: string): { certificateFile: string; keyFile: string } {
  const [certificateFile, keyFile] = [join(folder, 'own.pem'), join(folder, 'own.key')]
  const { status, stderr } = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=gateway'],
    ...['-keyout', keyFile, '-out', certificateFile],
  ])
  assert.equal(status, 0, String(stderr))
  return { certificateFile, keyFile }
}

const HAS_SCTP = existsSync('/proc/net/sctp')

describe('ipsmgw doctor', () => {
  test('a gateway that answers OPTIONS on TCP and UDP is good', async (t) => {
    const port = await sip(t, ['tcp', 'udp'], (request) => void request.respond(200))
    const { code, output } = await ipsmgw(['doctor', '--gateway', `127.0.0.1:${port}`])
    assert.equal(code, 0, output)
    assert.match(output, /good +SIP 127\.0\.0\.1:\d+ over tcp: OPTIONS answered 200/)
  })

  test('a gateway that is reached by UDP alone is bad: the core would repeat requests', async (t) => {
    const port = await sip(t, ['udp'], (request) => void request.respond(200))
    const { code, output } = await ipsmgw(['doctor', '--gateway', `127.0.0.1:${port}`])
    assert.equal(code, 1, output)
    assert.match(output, /BAD +SIP .* over tcp: .* and UDP works\n +ISC over UDP alone/)
  })

  test('a gateway that does not know us says so', async (t) => {
    const port = await sip(t, ['tcp', 'udp'], (request) => void request.respond(403))
    const { output } = await ipsmgw(['doctor', '--gateway', `127.0.0.1:${port}`])
    assert.match(output, /OPTIONS answered 403\n +sip\.peers must hold the address/)
  })

  test('brokers and peers that are away are named, with what to look at', async (t) => {
    const config = file(
      t,
      `kafka: {brokers: ["127.0.0.1:1", "127.0.0.1:2"]}
diameter: {originHost: a.example, originRealm: example, peers: [{identity: hss.example, host: 127.0.0.1, port: 3}]}
sip: {port: 5060}`,
    )
    const { code, output } = await ipsmgw(['doctor', '--config', config])
    assert.equal(code, 1, output)
    assert.match(output, /good +configuration: kafka, diameter: valid/)
    assert.match(output, /BAD +Kafka 127\.0\.0\.1:1: refused: nobody listens there/)
    assert.match(output, /BAD +Diameter peer hss\.example \(127\.0\.0\.1:3, tcp\): refused/)
  })

  test('a configuration that is wrong is told with its place', async (t) => {
    const config = file(t, 'kafka: {brokers: [], partitions: many}')
    const { code, output } = await ipsmgw(['doctor', '--config', config])
    assert.equal(code, 1)
    assert.match(output, /BAD +configuration, kafka\.partitions \(file\)/)
  })

  test('a certificate that is none is told', async (t) => {
    const config = file(t, `kafka: {brokers: ["127.0.0.1:1"], caFile: ${JSON.stringify(file(t, 'no PEM'))}}`)
    const { output } = await ipsmgw(['doctor', '--config', config])
    assert.match(output, /BAD +authorities of kafka /)
  })

  test('the certificates of the SIP side and of Diameter peers are looked at; a peer that speaks no TLS is bad', async (t) => {
    const server = createNetServer((socket) => socket.end('no TLS')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    const { certificateFile, keyFile } = certificate(dirname(file(t, '')))
    const tls = JSON.stringify({ certificateFile, keyFile, authoritiesFile: certificateFile })
    const config = file(
      t,
      `sip: {tls: {certificateFile: /nonexistent/tls.crt, keyFile: /k, authoritiesFile: ${JSON.stringify(certificateFile)}}}
diameter: {originHost: a.example, originRealm: example, peers: [{identity: dra.example, host: 127.0.0.1, port: ${port}, tls: ${tls}}]}`,
    )
    const { code, output } = await ipsmgw(['doctor', '--config', config])
    assert.equal(code, 1)
    assert.match(output, /BAD +certificate of sip\.tls \/nonexistent\/tls\.crt: ENOENT/)
    assert.match(output, /WARN +certificate of diameter\.peers\.0\.tls \S+: expires in 1 days/)
    assert.match(
      output,
      /BAD +Diameter peer dra\.example \(127\.0\.0\.1:\d+, tls\): TLS: wrong version number/,
    )
    assert.match(output, /\n\n\d bad, \d to watch: messages do not pass/)
  })

  test('SCTP is bad only where the configuration needs it', {
    skip: HAS_SCTP && 'this kernel has SCTP',
  }, async (t) => {
    const settings = (transport: string) =>
      file(t, `sigtran: {transport: ${transport}, links: [], instances: []}`)
    const with_ = await ipsmgw(['doctor', '--config', settings('sctp')])
    assert.match(with_.output, /BAD +SCTP: .*modprobe sctp/)
    const without = await ipsmgw(['doctor', '--config', settings('tcp')])
    assert.doesNotMatch(without.output, /SCTP/)
    assert.equal(without.code, 0)
  })

  test('a service is asked what it waits for, and its clock is compared', async (t) => {
    const url = await http(t, (_request, response) => {
      response.sendDate = false
      response.setHeader('Date', new Date(Date.now() - 60_000).toUTCString())
      response.statusCode = 503
      response.end(JSON.stringify({ ready: false, parts: { http: 'ok', kafka: 'no broker answers' } }))
    })
    const { code, output } = await ipsmgw(['doctor', '--service', url])
    assert.equal(code, 1)
    assert.match(output, /BAD +service http:\S+: kafka: no broker answers/)
    assert.match(output, /BAD +service http:\S+, clock: its clock and ours differ by about (59|60)\.\d s/)
  })
})

describe('ipsmgw doctor patience', () => {
  test('delays a phone of the lab, sends through the core, and says what to set', async (t) => {
    let delayMs = 0
    const settings: string[] = []
    const lab = await http(t, (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const setting = JSON.parse(Buffer.concat(chunks).toString())
        delayMs = setting.delayMs ?? 0
        settings.push(`${request.url} ${setting.behaviour}`)
        response.end('{}')
      })
    })
    // A core that gives up after a second and a half.
    const port = await sip(t, ['tcp'], (request) => {
      const answer = async () => {
        await delay(Math.min(delayMs, 1_500))
        request.respond(delayMs > 1_500 ? 504 : 200)
      }
      void answer()
    })
    const { code, output } = await ipsmgw([
      ...['doctor', 'patience', '--core', `127.0.0.1:${port}`, '--lab', lab],
      ...['--to', '+447700900123', '--longest', '2'],
    ])
    assert.equal(code, 0, output)
    assert.match(
      output,
      /waits 1 s and gave up before 2 s \(504 after 1\.\d s\): set earlyAnswerMs of this peer to 1000/,
    )
    assert.equal(settings.at(-1), '/lab/subscribers/447700900123 reachable', 'the phone is as before')
  })

  test('wrong words are one sentence', async () => {
    const { code, complaint } = await ipsmgw(['doctor', 'patience', '--to', '1'])
    assert.equal(code, 2)
    assert.match(complaint, /needs --core, --lab and --to/)
  })
})
