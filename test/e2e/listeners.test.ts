import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ConnectionOptions } from 'node:tls'
import { Authority, type Credentials } from '../support/certificates.ts'
import { eventually } from '../support/eventually.ts'
import { freePorts, type StartedGateway, startGateway } from '../support/gateway-process.ts'
import { type RawPeer, type RawTarget, rawTcp, rawTls, rawUdp } from '../support/raw-sip.ts'
import { type Lines, request } from './raw-request.ts'

const BY_ADDRESS = '127.0.0.11'
const UNTRUSTED = '127.0.0.13'
const BY_BOTH = '127.0.0.14'
/** An address of no peer. */
const ANYWHERE = '127.0.0.15'
const HOST = '127.0.0.1'
const HOST_6 = '::1'
/** The gateway looks at its certificate files every 5 s. */
const RENEWED_WITHIN_MS = 20_000

const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-listeners-'))
const authority = new Authority(folder)
const stranger = new Authority(folder, 'stranger')
const own = authority.issue('own', 'ipsmgw.ims.example', `IP:${HOST}`)
const renewed = authority.issue('renewed', 'ipsmgw.ims.example', `IP:${HOST}`)
const scscf = authority.issue('scscf', 'scscf1.ims.example')
const bound = authority.issue('bound', 'scscf2.ims.example')
const foreignAs = authority.issue('as', 'as.elsewhere.example')
const unlisted = authority.issue('unlisted', 'someone.ims.example')
const forged = stranger.issue('forged', 'scscf1.ims.example')

/** What the gateway is given; the files are replaced while it runs. */
const files = {
  certificateFile: join(folder, 'gateway.pem'),
  keyFile: join(folder, 'gateway.key'),
  authoritiesFile: join(folder, 'authorities.pem'),
}
const install = ({ certificateFile, keyFile }: Credentials) => {
  copyFileSync(certificateFile, files.certificateFile)
  copyFileSync(keyFile, files.keyFile)
}

/** Each peer has a profile that shows its name on the phone. */
const PEERS = [
  { name: 'by-both', addresses: [BY_BOTH], tlsNames: ['scscf2.ims.example'] },
  { name: 'by-name', tlsNames: ['scscf1.ims.example'] },
  { name: 'foreign-as', tlsNames: ['as.elsewhere.example'], trusted: false, servedUser: false },
  { name: 'by-address', addresses: [BY_ADDRESS, HOST_6] },
  { name: 'untrusted', addresses: [UNTRUSTED], trusted: false, servedUser: false },
]
const shown = (name: string) => ({
  originator: { withoutNumber: 'fixed', fixed: { type: 'alphanumeric', value: name } },
})
const POLICY = {
  authorisation: { senderDomains: ['*'] },
  profiles: {
    ...Object.fromEntries(PEERS.map(({ name }) => [name, shown(name)])),
    // Where From may be taken: what the peer asserts must not be.
    untrusted: { originator: { ...shown('untrusted').originator, useFrom: true } },
  },
}

let numbers = 447_900_720_000
let gateway: StartedGateway
let ports: { readonly plain: number; readonly tls: number }

before(async () => {
  install(own)
  copyFileSync(authority.file, files.authoritiesFile)
  const policyFile = join(folder, 'policy.yaml')
  writeFileSync(policyFile, JSON.stringify(POLICY))
  const [plain = 0, tls = 0] = await freePorts(2)
  ports = { plain, tls }
  const listeners = [HOST, HOST_6].flatMap((host) => [
    { transport: 'udp', host, port: plain },
    { transport: 'tcp', host, port: plain },
    { transport: 'tls', host, port: tls },
  ])
  const peers = PEERS.map((peer) => ({ ...peer, profile: peer.name }))
  const sip = { listeners, tls: files, peers, hostname: 'ipsmgw.ims.example' }
  gateway = await startGateway({}, { sip, policy: { file: policyFile } })
})
after(async () => {
  await gateway.stop()
  rmSync(folder, { recursive: true, force: true })
})

type Way = 'udp' | 'tcp' | Credentials

/** A peer at an address, over a transport; with credentials over TLS, towards the same family of addresses. */
async function open(from: string, way: Way): Promise<RawPeer> {
  const host = from.includes(':') ? HOST_6 : HOST
  const target = (port: number): RawTarget => ({ host, port })
  if (way === 'udp') return rawUdp(from, target(ports.plain))
  if (way === 'tcp') return rawTcp(from, target(ports.plain))
  return rawTls(from, target(ports.tls), identity(way))
}

const identity = ({ cert, key }: Credentials) => ({
  cert,
  key,
  ca: [authority.cert],
  servername: 'ipsmgw.ims.example',
})

interface Outcome {
  readonly status: number | undefined
  /** Sender that the phone shows. */
  readonly originator: string | undefined
}

/** One message of Alice, who has no number, unless the lines say otherwise. */
async function send(peer: RawPeer, from: string, way: Way, lines: Lines = {}): Promise<Outcome> {
  const to = String(++numbers)
  const transport = typeof way === 'string' ? way.toUpperCase() : 'TLS'
  const all = {
    start: `MESSAGE tel:+${to} SIP/2.0`,
    'P-Asserted-Identity': '<sip:alice@ims.example>',
    ...lines,
  }
  peer.send(request(all, from.includes(':') ? `[${from}]` : from, transport))
  let answer = await peer.next()
  while (answer !== undefined && answer.status < 200) answer = await peer.next()
  const phone = await fetch(`${gateway.url}/lab/phones/${to}/messages`)
  const [message] = phone.ok ? ((await phone.json()) as { originator: string }[]) : []
  return { status: answer?.status, originator: message?.originator }
}

async function exchange(from: string, way: Way, lines?: Lines): Promise<Outcome> {
  const peer = await open(from, way)
  try {
    return await send(peer, from, way, lines)
  } finally {
    peer.close()
  }
}

describe('UDP, TCP, TLS and IPv6 at once, on six listeners of one process', () => {
  const refused = { status: 403, originator: undefined }
  const from = (originator: string) => ({ status: 200, originator })
  const rows: readonly {
    readonly what: string
    readonly from: string
    readonly way: Way
    readonly outcome: Outcome
  }[] = [
    { what: 'UDP over IPv4, peer by address', from: BY_ADDRESS, way: 'udp', outcome: from('by-address') },
    { what: 'TCP over IPv4, peer by address', from: BY_ADDRESS, way: 'tcp', outcome: from('by-address') },
    { what: 'UDP over IPv6, peer by address', from: HOST_6, way: 'udp', outcome: from('by-address') },
    { what: 'TCP over IPv6, peer by address', from: HOST_6, way: 'tcp', outcome: from('by-address') },
    { what: 'TLS over IPv4, peer by name', from: ANYWHERE, way: scscf, outcome: from('by-name') },
    { what: 'TLS over IPv6, peer by name', from: HOST_6, way: scscf, outcome: from('by-name') },
    {
      what: 'TLS, peer by address, its name is nobody’s',
      from: BY_ADDRESS,
      way: unlisted,
      outcome: from('by-address'),
    },
    { what: 'TLS, peer by name and address', from: BY_BOTH, way: bound, outcome: from('by-both') },
    { what: 'TLS, the name of that peer from another address', from: ANYWHERE, way: bound, outcome: refused },
    { what: 'TCP, the address of that peer without its name', from: BY_BOTH, way: 'tcp', outcome: refused },
    { what: 'TCP, an address of no peer', from: ANYWHERE, way: 'tcp', outcome: refused },
    {
      what: 'TLS, a good certificate with a name of no peer',
      from: ANYWHERE,
      way: unlisted,
      outcome: refused,
    },
  ]
  for (const { what, from: address, way, outcome } of rows)
    test(`${what}: ${outcome.status}`, async () => {
      assert.deepEqual(await exchange(address, way), outcome)
    })

  test('all six listeners are served while all their connections are open', async (t) => {
    const ways: [string, Way][] = rows.slice(0, 6).map(({ from: address, way }) => [address, way])
    const peers = await Promise.all(ways.map(([address, way]) => open(address, way)))
    t.after(() => peers.forEach((peer) => void peer.close()))
    const outcomes = await Promise.all(
      ways.map(([address, way], index) => send(peers[index] ?? assert.fail(), address, way)),
    )
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      [200, 200, 200, 200, 200, 200],
    )
  })
})

describe('RFC 3261 §26.2: TLS is mutual', () => {
  for (const [what, options] of [
    ['a certificate of an authority nobody knows, with the name of a peer', identity(forged)],
    ['no certificate', { ca: [authority.cert], servername: 'ipsmgw.ims.example' }],
  ] satisfies [string, ConnectionOptions][])
    test(`${what}: the connection ends without an answer`, async (t) => {
      const target = { host: HOST, port: ports.tls }
      // With TLS 1.3 the client learns of it only when it reads.
      const peer = await rawTls(ANYWHERE, target, options).catch(() => undefined)
      if (peer === undefined) return
      t.after(() => peer.close())
      peer.send(request({}, ANYWHERE, 'TLS'))
      await peer.closed
      assert.equal(await peer.next(0), undefined)
    })
})

describe('RFC 3325 §8: what a peer outside the trust domain asserts is not used in any way', () => {
  const asserted = '<tel:+447700900777>'

  test('over TLS: refused as a message without a sender', async () => {
    const outcome = await exchange(ANYWHERE, foreignAs, { 'P-Asserted-Identity': asserted })
    assert.deepEqual(outcome, { status: 403, originator: undefined })
  })

  for (const way of ['udp', 'tcp'] as const)
    test(`over ${way}, where policy takes From: From is shown, not what was asserted`, async () => {
      const outcome = await exchange(UNTRUSTED, way, {
        'P-Asserted-Identity': asserted,
        From: '<tel:+447700900888>;tag=t',
      })
      assert.deepEqual(outcome, { status: 200, originator: '+447700900888' })
      const without = await exchange(UNTRUSTED, way, {
        'P-Asserted-Identity': asserted,
        From: '<sip:bob@ims.example>;tag=t',
      })
      assert.deepEqual(without, { status: 200, originator: 'untrusted' })
    })

  test('the log and the metrics of the process do not hold it either', async () => {
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
    for (const text of [gateway.output(), metrics]) assert.ok(!text.includes('7700900777'))
  })
})

describe('certificates replaced on disk, without restart', () => {
  async function presented(): Promise<string> {
    const peer = await rawTls(ANYWHERE, { host: HOST, port: ports.tls }, identity(scscf))
    const { raw } = peer.socket.getPeerCertificate()
    peer.close()
    return raw.toString('base64')
  }
  const octetsOf = ({ cert }: Credentials) => cert.replace(/-----[A-Z ]+-----|\s/g, '')

  test('the next connection meets the new certificate, the open one goes on', async (t) => {
    const peer = await open(ANYWHERE, scscf)
    t.after(() => peer.close())
    assert.equal(await presented(), octetsOf(own))
    install(renewed)
    await eventually(async () => (await presented()) === octetsOf(renewed), 'renewed', RENEWED_WITHIN_MS)
    assert.deepEqual(await send(peer, ANYWHERE, scscf), { status: 200, originator: 'by-name' })
    assert.deepEqual(await exchange(ANYWHERE, scscf), { status: 200, originator: 'by-name' })
  })

  test('a pair that does not fit is refused, the certificate stays', async () => {
    copyFileSync(own.certificateFile, files.certificateFile)
    await eventually(
      () => gateway.output().includes('changed certificate refused'),
      'the refusal is logged',
      RENEWED_WITHIN_MS,
    )
    assert.equal(await presented(), octetsOf(renewed))
    install(renewed)
  })

  test('an authority that is added counts for the next connection', async () => {
    writeFileSync(files.authoritiesFile, `${authority.cert}${stranger.cert}`)
    const isServed = async () => {
      const peer = await rawTls(ANYWHERE, { host: HOST, port: ports.tls }, identity(forged)).catch(
        () => undefined,
      )
      if (peer === undefined) return false
      peer.send(request({ start: `OPTIONS sip:${HOST} SIP/2.0`, body: '' }, ANYWHERE, 'TLS'))
      const answer = await Promise.race([peer.next(1_000), peer.closed.then(() => undefined)])
      peer.close()
      return answer?.status === 200
    }
    await eventually(isServed, 'it is believed', RENEWED_WITHIN_MS)
  })
})
