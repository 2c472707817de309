import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { selfSigned } from '@ipsmgw/sip/testing'
import { type MediaOptions, MsrpSender } from '../support/msrp-sender.ts'
import { GatewayInLab, SCSCF } from './gateway.ts'

const GATEWAY = selfSigned('gateway.ims.example')
const CLIENT = selfSigned('client.ims.example')
const OTHER = selfSigned('other.ims.example')
/** Its signer is one that the gateway believes. */
const VOUCHED = selfSigned('sbc.ims.example')
const TEXT = 'A message whose way was agreed in a session description. '.repeat(6).trim()

/** As OpenSSL prints it. */
const fingerprintOf = ({ cert }: { cert: string }) => `SHA-256 ${new X509Certificate(cert).fingerprint256}`
const sha1Of = ({ cert }: { cert: string }) => `SHA-1 ${new X509Certificate(cert).fingerprint}`

let gateway: GatewayInLab
let folder: string
let number = 447_900_950_000

async function start(mode: object): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'ipsmgw-msrp-'))
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  gateway = await GatewayInLab.start({
    policy: { homeDomains: ['ims.example'] },
    sip: {
      peers: [{ name: 'scscf', addresses: [SCSCF] }],
      tls: {
        certificateFile: file('gateway.pem', GATEWAY.cert),
        keyFile: file('gateway.key', GATEWAY.key),
        authoritiesFile: file('authorities.pem', VOUCHED.cert),
      },
      largeMessageMode: { enabled: true, port: 0, tlsPort: 0, completeWithinMs: 6_000, ...mode },
      timers: { t1Ms: 50, t2Ms: 400 },
    },
  })
}

async function stop(): Promise<void> {
  await gateway.stop()
  rmSync(folder, { recursive: true, force: true })
}

function subscriber(): { digits: string; uri: string } {
  const digits = String(++number)
  gateway.set(digits, { behaviour: 'reachable', node: 'mme' })
  return { digits, uri: `tel:+${digits}` }
}

/** Runs with a sender of these media. */
async function withSender(options: MediaOptions, run: (sender: MsrpSender) => Promise<void>): Promise<void> {
  const sender = await MsrpSender.open(SCSCF, gateway.sip, options)
  try {
    await run(sender)
  } finally {
    sender.close()
  }
}

const body = Buffer.from(TEXT)

describe('MSRP over TLS and opened from either side (RFC 4975 §14, RFC 6135, RFC 8122)', () => {
  before(() => start({ openTo: [SCSCF] }))
  after(stop)

  const ways: readonly [string, MediaOptions, string | undefined][] = [
    [
      'TLS, a certificate of its own, announced',
      { tls: CLIENT, fingerprint: fingerprintOf(CLIENT) },
      'passive',
    ],
    [
      'TLS, announced with SHA-1 only, as older clients do',
      { tls: CLIENT, fingerprint: sha1Of(CLIENT) },
      'passive',
    ],
    ['TLS, not announced, an authority vouches for it', { tls: VOUCHED }, 'passive'],
    ['TCP, either side may open', { setup: 'actpass' }, 'passive'],
    ['TCP, the gateway opens', { setup: 'passive' }, 'active'],
    [
      'TLS, the gateway opens',
      { tls: CLIENT, setup: 'passive', fingerprint: fingerprintOf(CLIENT) },
      'active',
    ],
  ]
  for (const [what, options, setup] of ways)
    test(`${what}: one SMS, then the response and the report`, () =>
      withSender(options, async (sender) => {
        const to = subscriber()
        const final = await sender.invite(to.uri)
        assert.match(final.startLine, /^SIP\/2\.0 200 /)
        assert.match(final.text, new RegExp(`^a=setup:${setup}\r$`, 'm'))
        if (options.tls === undefined) {
          assert.match(final.text, /^m=message \d+ TCP\/MSRP \*\r$/m)
          assert.doesNotMatch(final.text, /^a=fingerprint/m)
        } else {
          assert.match(final.text, /^m=message \d+ TCP\/TLS\/MSRP \*\r$/m)
          assert.match(final.text, new RegExp(`^a=fingerprint:${fingerprintOf(GATEWAY)}\r$`, 'm'))
          assert.match(final.text, /^a=path:msrps:/m)
        }
        await sender.connect()
        const message = { to: to.uri, contentType: 'text/plain', body, chunkOctets: 100, successReport: true }
        assert.match((await sender.sendChunks(message)).startLine, / 200 OK$/)
        assert.equal(gateway.lab.phones.messagesOf(to.digits)[0]?.text, TEXT)
        assert.equal((await sender.report()).header('status'), '000 200 OK')
      }))

  const strangers: readonly [string, MediaOptions][] = [
    ['a certificate that is not the announced one', { tls: OTHER, fingerprint: fingerprintOf(CLIENT) }],
    ['announced, and no authority may replace that', { tls: VOUCHED, fingerprint: fingerprintOf(CLIENT) }],
    ['not announced, and nobody vouches for it', { tls: OTHER }],
  ]
  for (const [what, options] of strangers)
    test(`RFC 8122 §6: ${what}: 403, and no SMS`, () =>
      withSender(options, async (sender) => {
        const to = subscriber()
        const response = await sender.send({ to: to.uri, contentType: 'text/plain', body })
        assert.match(response.startLine, / 403 Forbidden$/)
        assert.deepEqual(gateway.lab.phones.messagesOf(to.digits), [])
      }))

  test('RFC 8122 §6: where the gateway opens: another certificate than the announced one ends the session', () =>
    withSender({ tls: OTHER, setup: 'passive', fingerprint: fingerprintOf(CLIENT) }, async (sender) => {
      await sender.invite(subscriber().uri)
      await sender.bye()
      assert.deepEqual(sender.msrp, [])
    }))

  test('§5.4: plain TCP for a session that was agreed over TLS is 403', () =>
    withSender({ tls: CLIENT, fingerprint: fingerprintOf(CLIENT) }, async (sender) => {
      const secured = await sender.invite(subscriber().uri)
      const path = /^a=path:(\S+)/m.exec(secured.text)?.[1] ?? ''
      await withSender({}, async (plain) => {
        await plain.invite(subscriber().uri)
        await plain.connect()
        const id = plain.sendChunk(['Message-ID: 1'], 'text/plain', body, '$', path)
        assert.match((await plain.response(id)).startLine, / 403 /)
      })
    }))

  test('RFC 6135: a sender that waits and cannot be reached gets BYE', () =>
    withSender({ setup: 'passive' }, async (sender) => {
      const offer = sender.offer().replace(/msrp:\/\/([^:]+):\d+\//, 'msrp://$1:9/')
      assert.match((await sender.invite(subscriber().uri, { offer })).startLine, / 200 /)
      await sender.bye()
    }))

  test('§5.4: where the gateway opens: a sender that answers its opening SEND with 481 gets BYE, and no SMS leaves', () =>
    withSender({ setup: 'passive', opening: '481 No Such Session' }, async (sender) => {
      const to = subscriber()
      await sender.invite(to.uri)
      await sender.connect()
      await sender.bye()
      assert.deepEqual(
        sender.msrp.map(({ startLine }) => startLine.replace(/^MSRP \S+ /, '')),
        ['SEND'],
      )
      assert.deepEqual(gateway.lab.phones.messagesOf(to.digits), [])
    }))

  test('nothing is connected to an address outside openTo: BYE', () =>
    withSender({ setup: 'passive' }, async (sender) => {
      const offer = sender.offer().replace(`msrp://${SCSCF}:`, 'msrp://127.0.0.99:')
      await sender.invite(subscriber().uri, { offer })
      await sender.bye()
      assert.deepEqual(sender.msrp, [])
    }))

  const unusable: readonly [string, MediaOptions, (offer: string) => string][] = [
    ['a=setup:holdconn', {}, (it) => it.replace('setup:active', 'setup:holdconn')],
    ['a fingerprint by MD5 only', { tls: CLIENT, fingerprint: `MD5 ${'AA:'.repeat(15)}AA` }, (it) => it],
  ]
  for (const [what, options, change] of unusable)
    test(`RFC 3261 §13.3.1.3: ${what} is 488`, () =>
      withSender(options, async (sender) => {
        const final = await sender.invite(subscriber().uri, { offer: change(sender.offer()) })
        assert.match(final.startLine, /^SIP\/2\.0 488 /)
      }))
})

describe('MSRP over TLS only, opened by senders only', () => {
  before(() => start({ plain: false }))
  after(stop)

  const refused: readonly [string, MediaOptions][] = [
    ['TCP/MSRP', {}],
    ['a sender that waits', { tls: CLIENT, setup: 'passive', fingerprint: fingerprintOf(CLIENT) }],
  ]
  for (const [what, options] of refused)
    test(`${what} is 488 with a warning that says what is taken`, () =>
      withSender(options, async (sender) => {
        const final = await sender.invite(subscriber().uri)
        assert.match(final.startLine, /^SIP\/2\.0 488 /)
        assert.match(final.header('warning') ?? '', /TCP\/TLS\/MSRP is needed, whose sender opens/)
      }))

  test('TCP/TLS/MSRP is taken, offered beside TCP/MSRP', () =>
    withSender({ tls: CLIENT, fingerprint: fingerprintOf(CLIENT) }, async (sender) => {
      const offer = sender.offer().replace('m=message', 'm=message 9 TCP/MSRP *\r\nm=message')
      const final = await sender.invite(subscriber().uri, { offer })
      assert.match(final.text, /^m=message 0 TCP\/MSRP \*\r\nm=message [1-9]\d* TCP\/TLS\/MSRP \*\r$/m)
    }))
})
