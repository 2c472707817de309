import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import {
  dialogRefusal,
  extensionRefusal,
  type IncomingRequest,
  methodRefusal,
  parseDatagram,
  SipEndpoint,
  SipParseError,
  SipRequest,
  type SipSource,
  schemeRefusal,
} from './index.ts'
import { messageOctets, UdpPeer } from './testing/sockets.ts'

interface Vector {
  readonly name: string
  readonly file: string
  readonly section: string
  readonly title: string
  readonly kind: 'request' | 'response'
  readonly parser: 'accept' | 'reject'
  readonly accepted_status: readonly number[]
  readonly silent_drop: boolean
}

const FOLDER = new URL('../../../test/vectors/rfc4475/', import.meta.url)
const VECTORS: readonly Vector[] = JSON.parse(readFileSync(new URL('index.json', FOLDER), 'utf8')).messages
const octetsOfVector = (vector: Vector): Buffer => readFileSync(new URL(vector.file, FOLDER))

/** Reject vectors that this parser reads liberally, as the index allows: the malformed part is read by nobody. */
const LIBERAL = ['baddate', 'regbadct']

/** Accept vectors that lack mandatory headers or repeat them: parsed by octets, refused as requests. */
const REFUSED_AS_REQUEST = ['insuf', 'multi01', 'mcl01']

function parse(octets: Buffer): unknown {
  try {
    return parseDatagram(octets)
  } catch (error) {
    return error
  }
}

for (const vector of VECTORS) {
  test(`RFC 4475 §${vector.section} ${vector.name}: the parser gives a message or a typed error`, () => {
    const outcome = parse(octetsOfVector(vector))
    const accepts =
      (vector.parser === 'accept' && !REFUSED_AS_REQUEST.includes(vector.name)) ||
      LIBERAL.includes(vector.name)
    assert.equal(outcome instanceof SipParseError, !accepts, String(outcome))
    if (outcome instanceof SipParseError && !vector.silent_drop) {
      assert.ok(vector.accepted_status.includes(outcome.status), `${outcome.status}`)
      assert.ok(outcome.partial, 'the error can be answered')
    }
  })
}

test('every truncation of every RFC 4475 vector gives a message or a typed error, never another exception', () => {
  for (const vector of VECTORS) {
    const octets = octetsOfVector(vector)
    for (let end = 0; end < octets.length; end += 3) {
      try {
        parseDatagram(octets.subarray(0, end))
      } catch (error) {
        assert.ok(error instanceof SipParseError, `${vector.name} cut at ${end}: ${error}`)
      }
    }
  }
})

/** The order of a user agent server, RFC 3261 §8.2; MESSAGE bodies are taken as text/plain only. */
function serve(request: IncomingRequest): void {
  const { message } = request
  const refusal =
    methodRefusal(message, ['MESSAGE', 'OPTIONS', 'REGISTER']) ??
    schemeRefusal(message) ??
    dialogRefusal(message) ??
    extensionRefusal(message, [])
  if (refusal !== undefined) request.respond(refusal.status, '', { headers: refusal.headers })
  else if (message.method === 'MESSAGE' && message.contentType?.mediaType !== 'text/plain') {
    request.respond(415, '', { headers: { Accept: 'text/plain' } })
  } else request.respond(200)
}

/** A loopback address of our own: answers without rport go to the port of sent-by, mostly 5060. */
const NEIGHBOUR = `127.${1 + (process.pid % 250)}.44.75`

let endpoint: SipEndpoint
const sources: SipSource[] = []

before(async () => {
  endpoint = new SipEndpoint(
    { listeners: [{ transport: 'udp', host: '127.0.0.1', port: 0 }] },
    { onRequest: serve, onParseError: (_error, source) => sources.push(source) },
  )
  await endpoint.start()
})

after(() => endpoint.close())

function sentByPort(octets: Buffer): number {
  const via = /^v(?:ia)?\s*:\s*[^;,]*?\/[^;,]*?:(\d+)\s*[;,\r]/im.exec(octets.toString('latin1'))
  return Number(via?.[1] ?? 5060)
}

for (const vector of VECTORS) {
  test(`RFC 4475 §${vector.section} ${vector.name} over UDP: ${vector.silent_drop ? 'an allowed answer or none' : `one of ${vector.accepted_status.join(', ')}`}, and the next request is served`, async () => {
    const octets = octetsOfVector(vector)
    const [to] = endpoint.addresses()
    assert.ok(to)
    const peer = await UdpPeer.open(NEIGHBOUR, sentByPort(octets))
    try {
      peer.send(octets, to)
      if (!vector.silent_drop) {
        const status = Number((await peer.inbox.next()).split(' ')[1])
        assert.ok(vector.accepted_status.includes(status), `answered ${status}`)
      }
      const branch = `z9hG4bK-after-${vector.name}`
      peer.send(messageOctets({ Via: `SIP/2.0/UDP ${NEIGHBOUR};branch=${branch};rport` }), to)
      const next = await peer.inbox.next()
      if (vector.silent_drop && vector.accepted_status.length > 0 && !next.includes(branch)) {
        assert.ok(vector.accepted_status.includes(Number(next.split(' ')[1])))
        assert.match(await peer.inbox.next(), /^SIP\/2\.0 200 OK\r\n/)
      } else {
        assert.match(next, /^SIP\/2\.0 200 OK\r\n/)
        assert.ok(next.includes(branch))
      }
      assert.equal(peer.inbox.size, 0, 'nothing else came')
    } finally {
      peer.close()
    }
  })
}

test('RFC 4475 §3.1.1.8 dblreq: exactly one request is seen and its body is empty', () => {
  const message = parseDatagram(readFileSync(new URL('dblreq.dat', FOLDER)))
  assert.ok(message instanceof SipRequest)
  assert.equal(message.method, 'REGISTER')
  assert.equal(message.body.length, 0)
})

test('RFC 4475 §3.1.1.1 wsinv: folds, compact names and escapes are undone', () => {
  const message = parseDatagram(readFileSync(new URL('wsinv.dat', FOLDER)))
  assert.equal(message.to.tag, '1918181833n')
  assert.equal(message.from.displayName, 'J Rosenberg \\"')
  assert.equal(message.from.tag, '98asjd8')
  assert.equal(message.maxForwards, 68)
  assert.deepEqual(message.cseq, { number: 9, method: 'INVITE' })
  assert.deepEqual(
    message.vias.map((via) => [via.transport, via.host, via.branch]),
    [
      ['UDP', '192.0.2.2', '390skdjuw'],
      ['TCP', 'spindle.example.com', 'z9hG4bK9ikj8'],
      ['UDP', '192.168.255.111', 'z9hG4bK30239'],
    ],
  )
  assert.equal(message.headers.get('newfangledheader'), 'newfangled value continued newfangled value')
  assert.equal(message.headers.get('unknownheaderwithunusualvalue'), ';;,,;;,;')
  assert.equal(message.routes[0]?.uri.kind === 'sip' && message.routes[0].uri.host, 'services.example.com')
  assert.equal(message.contacts[0]?.params.get('q'), '0.33')
})

test('RFC 4475 §3.1.1.9 semiuri: the user part keeps its semicolon and is unescaped once', () => {
  const message = parseDatagram(readFileSync(new URL('semiuri.dat', FOLDER)))
  assert.ok(message instanceof SipRequest && message.uri.kind === 'sip')
  assert.equal(message.uri.user, 'user;par=u@example.net')
})

test('RFC 4475 §3.1.1.2 intmeth: odd tokens, a quoted NUL and UTF-8 survive', () => {
  const message = parseDatagram(readFileSync(new URL('intmeth.dat', FOLDER)))
  assert.ok(message instanceof SipRequest)
  assert.equal(message.method, "!interesting-Method0123456789_*+`.%indeed'~")
  assert.ok(message.to.displayName?.includes('\0'))
})
