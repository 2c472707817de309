import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { rawUdp } from '../support/raw-sip.ts'
import { GatewayInLab, SCSCF, STRANGER } from './gateway.ts'
import { request } from './raw-request.ts'
import { Sender } from './sender.ts'

const HOME = 'ims.example'
const FOREIGN = 'elsewhere.example'
/** A peer of a network with a dial plan. */
const DIALLING = STRANGER
const RULES = [
  { context: '+44', strip: '0', prepend: '+44' },
  { context: HOME, strip: '0', prepend: '+44' },
]

let numbers = 900_000_000
/** National part of a number that nobody had before. */
const anybody = () => String(7_000_000_000 + ++numbers)

interface Row {
  readonly input: string
  /** The URI; # stands for the national part of a fresh number of country 44. */
  readonly uri: string
  /** As Request-URI: delivered to the number, or refused so. */
  readonly recipient: 200 | 404 | 416 | 484
  /** As P-Asserted-Identity: the number, a name, or refused for the lack of a sender. */
  readonly sender: 'number' | string | 403
  readonly from?: string
}

/** docs/protocols/identities.md "Number from a URI", row by row, as recipient and as sender. */
const ROWS: readonly Row[] = [
  { input: 'tel, global', uri: 'tel:+44#', recipient: 200, sender: 'number' },
  { input: 'tel, visual separators', uri: 'tel:+44-#(.)', recipient: 200, sender: 'number' },
  {
    input: 'sip with user=phone',
    uri: `sip:+44#@${HOME};user=phone`,
    recipient: 200,
    sender: 'number',
  },
  { input: 'percent-encoded plus', uri: `sip:%2B44#@${HOME};user=phone`, recipient: 200, sender: 'number' },
  { input: 'sip without user=phone, our host', uri: `sip:+44#@${HOME}`, recipient: 200, sender: 'number' },
  {
    input: 'sip without user=phone, foreign host',
    uri: `sip:+44#@${FOREIGN}`,
    recipient: 404,
    sender: 'number',
  },
  {
    input: 'portability data',
    uri: `sip:+44#;npdi;rn=+449990@${HOME};user=phone`,
    recipient: 200,
    sender: 'number',
  },
  {
    input: 'GRUU',
    uri: `sip:+44#@${HOME};gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6`,
    recipient: 200,
    sender: 'number',
  },
  {
    input: 'tel, local, a prefix as context, no rule',
    uri: 'tel:0#;phone-context=+44',
    recipient: 404,
    sender: 403,
  },
  {
    input: 'tel, local, a prefix as context, dial plan',
    uri: 'tel:0#;phone-context=+44',
    recipient: 200,
    sender: 'number',
    from: DIALLING,
  },
  {
    input: 'sip, local, a domain as context, no rule',
    uri: `sip:0#;phone-context=${HOME}@${HOME};user=phone`,
    recipient: 404,
    // The user part of a SIP URI is a name that a phone can show.
    sender: '0#',
  },
  {
    input: 'sip, local, a domain as context, dial plan',
    uri: `sip:0#;phone-context=${HOME}@${HOME};user=phone`,
    recipient: 200,
    sender: 'number',
    from: DIALLING,
  },
  { input: 'tel, local, no context', uri: 'tel:0#', recipient: 484, sender: 403 },
  {
    input: 'tel, local, no context, home dial plan',
    uri: 'tel:0#',
    recipient: 200,
    sender: 'number',
    from: DIALLING,
  },
  {
    input: 'tel, local, a context without rule',
    uri: 'tel:7042;phone-context=example.com',
    recipient: 404,
    sender: '7042',
  },
  { input: 'tel with ext', uri: 'tel:+44#;ext=12', recipient: 404, sender: 403 },
  { input: 'tel with isub', uri: 'tel:+44#;isub=7', recipient: 404, sender: 403 },
  {
    input: 'tel with an unknown mandatory parameter',
    uri: 'tel:+44#;m-foo=1',
    recipient: 404,
    sender: 403,
  },
  { input: 'sip without a number', uri: `sip:alice.#@${HOME}`, recipient: 200, sender: 'alice.7' },
  { input: 'sips', uri: `sips:+44#@${HOME};user=phone`, recipient: 200, sender: 'number' },
  { input: 'im', uri: `im:bob@${HOME}`, recipient: 416, sender: 403 },
  { input: 'mailto', uri: `mailto:bob@${HOME}`, recipient: 416, sender: 403 },
  { input: 'a scheme that nobody knows', uri: 'x-what:ever', recipient: 416, sender: 403 },
  { input: 'anonymous', uri: 'sip:anonymous@anonymous.invalid', recipient: 404, sender: 403 },
  { input: 'unknown', uri: 'sip:unavailable@unknown.invalid', recipient: 404, sender: 403 },
  { input: 'an emergency service', uri: 'urn:service:sos', recipient: 416, sender: 403 },
  { input: 'below 5 digits', uri: 'tel:+4477', recipient: 484, sender: 403 },
  { input: 'above 15 digits', uri: 'tel:+44#0000', recipient: 484, sender: 403 },
  { input: 'a country code with 0', uri: 'tel:+044#', recipient: 484, sender: 403 },
]

describe('11. URI table: number from a URI (docs/protocols/identities.md, table 6.1)', () => {
  let gateway: GatewayInLab
  before(async () => {
    gateway = await GatewayInLab.start({
      policy: {
        homeDomains: [HOME],
        authorisation: { senderDomains: ['*'] },
        profiles: { dialling: { dialPlan: RULES } },
      },
      sip: {
        peers: [
          { name: 'scscf', addresses: [SCSCF] },
          { name: 'dialling', addresses: [DIALLING], profile: 'dialling' },
        ],
      },
    })
  })
  after(() => gateway.stop())

  for (const { input, uri, recipient, sender, from = SCSCF } of ROWS) {
    test(`6.1 row ${input}, as recipient: ${recipient === 200 ? 'the number' : recipient}`, async (t) => {
      const national = anybody()
      const number = `44${national}`
      const text = uri.replace('#', national)
      // What has no number in it is known to the HSS.
      gateway.set(number, { behaviour: 'reachable', identities: [text] })
      const peer = await rawUdp(from, gateway.sip)
      t.after(() => peer.close())
      const forwards = gateway.lab.nodesLog.entries().length
      peer.send(request({ start: `MESSAGE ${text} SIP/2.0` }, from))
      assert.equal((await peer.next())?.status, recipient)
      assert.equal(gateway.lab.phones.messagesOf(number).length, recipient === 200 ? 1 : 0)
      assert.equal(gateway.lab.nodesLog.entries().length - forwards, recipient === 200 ? 1 : 0)
    })

    test(`6.1 row ${input}, as sender: ${sender === 403 ? 'none, 403' : sender === 'number' ? 'the number' : 'no number, shown as a name'}`, async (t) => {
      const national = anybody()
      const to = `44${anybody()}`
      const peer = await rawUdp(from, gateway.sip)
      t.after(() => peer.close())
      const asserted = `<${uri.replace('#', national)}>`
      peer.send(request({ start: `MESSAGE tel:+${to} SIP/2.0`, 'P-Asserted-Identity': asserted }, from))
      assert.equal((await peer.next())?.status, sender === 403 ? 403 : 200)
      const shown = sender === 'number' ? `+44${national}` : String(sender).replace('#', national)
      const [message] = gateway.lab.phones.messagesOf(to)
      if (sender === 403) assert.equal(message, undefined)
      else assert.ok(message?.originator.startsWith(shown), `${message?.originator}`)
    })
  }
})

/** Peers with a rule of their own for senders without a number. */
const PEERS = {
  plain: SCSCF,
  network: '127.0.0.41',
  pseudo: '127.0.0.42',
  fixed: '127.0.0.43',
  reject: '127.0.0.44',
  short: '127.0.0.45',
  unlisted: '127.0.0.46',
} as const
const POOL = { first: '+447700950000', count: 50 }
const PROFILES = {
  network: { originator: { localNumbers: 'networkSpecific' } },
  pseudo: { originator: { withoutNumber: 'pseudo', pool: POOL } },
  fixed: { originator: { withoutNumber: 'fixed', fixed: { type: 'alphanumeric', value: 'Operator' } } },
  reject: { originator: { withoutNumber: 'reject' } },
  short: { originator: { withoutNumber: 'fixed', fixed: { type: 'shortCode', value: '7000' } } },
  unlisted: { originator: { localNumbers: 'none', withoutNumber: 'reject' } },
}
const BOT = 'sip:weather@bots.example'
const HIDDEN = [['Privacy', 'id']] as const

interface OriginatorRow {
  readonly sender: string
  readonly asserted: string
  readonly peer?: keyof typeof PEERS
  readonly hidden?: boolean
  /** Address field of the TPDU as hex: length in semi-octets, type of address, value. None: 403. */
  readonly address?: string | RegExp
}

/** docs/protocols/identities.md "Originating address", row by row; octets of TS 23.040 §9.1.2.5 worked out by hand. */
const ORIGINATORS: readonly OriginatorRow[] = [
  { sender: 'global number, even', asserted: '<tel:+447700900111>', address: '0c91447700091011' },
  { sender: 'global number, odd', asserted: '<tel:+15550001234>', address: '0b915155001032f4' },
  {
    sender: 'tel before sip, whatever the order',
    asserted: '<sip:+447700900222@ims.example;user=phone>, <tel:+447700900111>',
    address: '0c91447700091011',
  },
  { sender: 'short code, unknown', asserted: '<tel:7042;phone-context=ims.example>', address: '04810724' },
  {
    sender: 'short code, network specific',
    asserted: '<tel:7042;phone-context=ims.example>',
    peer: 'network',
    address: '04b10724',
  },
  {
    sender: 'local number above 8 digits is no short code',
    asserted: '<tel:070429999;phone-context=ims.example>',
    peer: 'reject',
  },
  {
    sender: 'short code where local numbers count as none',
    asserted: '<tel:7042;phone-context=ims.example>',
    peer: 'unlisted',
  },
  {
    sender: 'no number, alphanumeric, 7 characters',
    asserted: '<sip:ABCDEFG@ims.example>',
    address: '0dd041e19058341e01',
  },
  {
    sender: 'no number, alphanumeric, 8 characters',
    asserted: '<sip:ABCDEFGH@ims.example>',
    address: '0ed041e19058341e91',
  },
  {
    sender: 'no number, alphanumeric, 9 characters',
    asserted: '<sip:ABCDEFGHI@ims.example>',
    address: '10d041e19058341e9149',
  },
  {
    sender: 'no number, alphanumeric, 11 characters',
    asserted: '<sip:ABCDEFGHIJK@ims.example>',
    address: '14d041e19058341e9149e512',
  },
  {
    sender: 'no number, alphanumeric, cut at 11',
    asserted: '<sip:ABCDEFGHIJKLMN@ims.example>',
    address: '14d041e19058341e9149e512',
  },
  {
    sender: 'no number, alphanumeric, display name of a trusted domain',
    asserted: '"ABCDEFG" <sip:x@names.example>',
    address: '0dd041e19058341e01',
  },
  {
    sender: 'no number, alphanumeric, display name of another domain: the user part',
    asserted: '"Your Bank" <sip:ABCDEFG@ims.example>',
    address: '0dd041e19058341e01',
  },
  {
    sender: 'no number, pseudo: a number of the pool',
    asserted: '<sip:alice@ims.example>',
    peer: 'pseudo',
    address: /^0c914477005900\d[0-4]$/,
  },
  {
    sender: 'no number, fixed name',
    asserted: '<sip:alice@ims.example>',
    peer: 'fixed',
    address: '0ed04f78591ea6bfe5',
  },
  {
    sender: 'no number, fixed number',
    asserted: '<sip:alice@ims.example>',
    peer: 'short',
    address: '04810700',
  },
  { sender: 'no number, reject', asserted: '<sip:alice@ims.example>', peer: 'reject' },
  { sender: 'anonymous', asserted: '<tel:+447700900111>', hidden: true, address: '10d041f7db9d6fbfeb73' },
  { sender: 'a service with a name of its own', asserted: `"Sunny" <${BOT}>`, address: '0dd0d772988e2ecb01' },
]

describe('11. TP-OA table, length octet for 7, 8, 9 and 11 characters (docs/protocols/identities.md, table 6.4)', () => {
  let gateway: GatewayInLab
  const senders = new Map<string, Sender>()
  before(async () => {
    gateway = await GatewayInLab.start({
      policy: {
        homeDomains: [HOME],
        authorisation: { senderDomains: ['*'] },
        anonymity: { mode: 'allow' },
        originator: {
          displayNameDomains: ['names.example'],
          services: [{ identity: BOT, originator: { type: 'alphanumeric', value: 'Weather' } }],
        },
        profiles: PROFILES,
      },
      sip: {
        peers: Object.entries(PEERS).map(([name, address]) => ({
          name,
          addresses: [address],
          ...(name !== 'plain' && { profile: name }),
        })),
      },
    })
    for (const [name, address] of Object.entries(PEERS))
      senders.set(name, await Sender.open(address, gateway.sip))
  })
  after(async () => {
    await Promise.all([...senders.values()].map((sender) => sender.close()))
    await gateway.stop()
  })

  async function addressFor({ asserted, peer = 'plain', hidden = false }: OriginatorRow, to: string) {
    const answer = await senders.get(peer)?.send({ to, asserted, ...(hidden && { headers: HIDDEN }) })
    const tpdu = gateway.lab.phones.messagesOf(to).at(-1)?.tpdus[0]
    return { status: answer?.status, address: tpdu === undefined ? undefined : addressOf(tpdu) }
  }

  for (const row of ORIGINATORS)
    test(`6.4 row ${row.sender}: ${row.address === undefined ? '403' : row.address}`, async () => {
      const { status, address } = await addressFor(row, `44${anybody()}`)
      assert.equal(status, row.address === undefined ? 403 : 200)
      if (row.address instanceof RegExp) assert.match(address ?? '', row.address)
      else assert.equal(address, row.address)
    })

  test('6.4 row pseudo: the same two parties keep their number, others get other numbers of the pool', async () => {
    const alice: OriginatorRow = { sender: '', asserted: '<sip:alice@ims.example>', peer: 'pseudo' }
    const to = `44${anybody()}`
    const first = await addressFor(alice, to)
    assert.deepEqual(await addressFor(alice, to), first)
    const others = await Promise.all(Array.from({ length: 8 }, () => addressFor(alice, `44${anybody()}`)))
    assert.ok(new Set(others.map(({ address }) => address)).size > 1)
  })
})

/** Octets of TP-OA: behind the first octet, as many as the length in semi-octets says (TS 23.040 §9.1.2.5). */
function addressOf(tpdu: string): string {
  const semiOctets = Number.parseInt(tpdu.slice(2, 4), 16)
  return tpdu.slice(2, 2 + 4 + 2 * Math.ceil(semiOctets / 2))
}
