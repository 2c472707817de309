import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { spyOnBus } from './bus-spy.ts'
import { GatewayInLab, SCSCF, STRANGER } from './gateway.ts'
import { Sender, type Sending } from './sender.ts'

/** The same gateway for both: peers with a policy of their own. */
const ALLOWING = SCSCF
const PROHIBITING = STRANGER

const NUMBER = '447700912345'
const ANONYMOUS = '<sip:anonymous@anonymous.invalid>'
const privacy = (value: string): Partial<Sending> => ({ headers: [['Privacy', value]] })
const CPIM = [`From: ${ANONYMOUS}`, `To: ${ANONYMOUS}`, '', 'Content-Type: text/plain', '', 'Hello'].join(
  '\r\n',
)

interface Row {
  readonly signal: string
  readonly sending: Partial<Sending>
  readonly asksForIt: boolean
  /** TP-OA when it is not asked for. */
  readonly shown?: string
}

/** docs/protocols/identities.md "Is anonymity asked for?", row by row. */
const ROWS: readonly Row[] = [
  { signal: 'Privacy id', sending: privacy('id'), asksForIt: true },
  { signal: 'Privacy user', sending: privacy('user'), asksForIt: true },
  { signal: 'Privacy header', sending: privacy('header'), asksForIt: true },
  { signal: 'Privacy id among others', sending: privacy('session;critical;id'), asksForIt: true },
  {
    signal: 'Privacy in several lines, with commas and capitals',
    sending: {
      headers: [
        ['Privacy', 'session, history'],
        ['Privacy', 'ID'],
      ],
    },
    asksForIt: true,
  },
  { signal: 'Privacy session', sending: privacy('session'), asksForIt: false },
  { signal: 'Privacy session and history', sending: privacy('session;history'), asksForIt: false },
  { signal: 'Privacy with an unknown token', sending: privacy('sideways'), asksForIt: false },
  { signal: 'Privacy only critical', sending: privacy('critical'), asksForIt: true },
  { signal: 'Privacy none alone', sending: privacy('none'), asksForIt: false },
  {
    signal: 'Privacy none alone with an anonymous From',
    sending: { ...privacy('none'), from: `"Anonymous" ${ANONYMOUS}` },
    asksForIt: false,
  },
  { signal: 'From host anonymous.invalid', sending: { from: ANONYMOUS }, asksForIt: true },
  {
    signal: 'From host anonymous.invalid with another user part',
    sending: { from: '<sip:thisis@anonymous.invalid>' },
    asksForIt: true,
  },
  {
    signal: 'From display name Anonymous',
    sending: { from: '"Anonymous" <sip:x@ims.example>' },
    asksForIt: true,
  },
  {
    signal: 'From display name anonymous',
    sending: { from: 'anonymous <sip:x@ims.example>' },
    asksForIt: true,
  },
  {
    signal: 'From user part anonymous at any host',
    sending: { from: '<sip:anonymous@ims.example>' },
    asksForIt: true,
  },
  {
    signal: 'From user part that only begins so',
    sending: { from: '<sip:anonymous.fan@ims.example>' },
    asksForIt: false,
  },
  { signal: 'none together with other values', sending: privacy('none;session'), asksForIt: true },
  {
    signal: 'P-Asserted-Identity absent, From ordinary',
    sending: { asserted: null, from: `<tel:+${NUMBER}>` },
    asksForIt: false,
  },
  {
    signal: 'CPIM From anonymous@anonymous.invalid',
    sending: { contentType: 'message/cpim', body: Buffer.from(CPIM) },
    asksForIt: false,
  },
  {
    signal: 'From unavailable@unknown.invalid',
    sending: { from: '<sip:unavailable@unknown.invalid>' },
    asksForIt: false,
  },
]

describe('7. Anonymity table row by row, policy on and off; with it on, no TPDU, record for later services or log has the number (docs/protocols/identities.md, table 4.3)', () => {
  let gateway: GatewayInLab
  let allowed: Sender
  let prohibited: Sender
  let numbers = 447_900_650_000
  const anybody = () => String(++numbers)

  before(async () => {
    gateway = await GatewayInLab.start({
      policy: {
        homeDomains: ['ims.example'],
        // So that the row without P-Asserted-Identity has a sender at all.
        originator: { useFrom: true },
        anonymity: { mode: 'allow' },
        profiles: { prohibiting: { anonymity: { mode: 'prohibit' } } },
      },
      sip: {
        peers: [
          { name: 'allowing', addresses: [ALLOWING] },
          { name: 'prohibiting', addresses: [PROHIBITING], profile: 'prohibiting' },
        ],
      },
    })
    allowed = await Sender.open(ALLOWING, gateway.sip)
    prohibited = await Sender.open(PROHIBITING, gateway.sip)
  })
  after(async () => {
    await Promise.all([allowed.close(), prohibited.close()])
    await gateway.stop()
  })

  for (const { signal, sending, asksForIt, shown = `+${NUMBER}` } of ROWS) {
    const message = { from: `<tel:+${NUMBER}>`, asserted: `<tel:+${NUMBER}>`, ...sending }

    test(`4.3 row ${signal}: ${asksForIt ? 'yes' : 'no'}; allowed: ${asksForIt ? 'delivered without a trace of the number' : 'delivered with it'}`, async (t) => {
      const published = spyOnBus(t)
      const to = anybody()
      const logged = gateway.logged.length
      const answer = await allowed.send({ to, ...message })
      assert.equal(answer.status, 200)
      const [sms] = gateway.lab.phones.messagesOf(to)
      assert.equal(sms?.originator, asksForIt ? 'Anonymous' : shown)
      if (!asksForIt) return
      const workers = published.filter(({ topic }) => topic.startsWith('sm.') || topic === 'sip.final')
      assert.deepEqual([...new Set(workers.map(({ topic }) => topic))].length, 4)
      const logs = gateway.logged.slice(logged)
      assert.ok(logs.length > 0)
      const forwards = gateway.lab.nodesLog.entries(to).map(({ octets }) => octets)
      assert.equal(forwards.length, 1)
      for (const [place, content] of Object.entries({ workers, logs, forwards, tpdus: sms?.tpdus }))
        assertAbsent(place, JSON.stringify(content))
    })

    test(`4.3 row ${signal}: ${asksForIt ? 'yes' : 'no'}; prohibited: ${asksForIt ? '433, nothing is asked' : 'delivered'}`, async () => {
      const to = anybody()
      const answer = await prohibited.send({ to, ...message })
      assert.equal(answer.status, asksForIt ? 433 : 200)
      assert.equal(gateway.lab.hssLog.entries(to).length, asksForIt ? 0 : 1)
      assert.equal(gateway.lab.phones.messagesOf(to).length, asksForIt ? 0 : 1)
    })
  }
})

/** In digits, in semi-octets of either alignment, in base64. */
function assertAbsent(place: string, text: string): void {
  const swap = (digits: string) => digits.replace(/(.)(.)/g, '$2$1')
  const national = NUMBER.slice(2)
  for (const trace of [
    national,
    swap(national),
    swap(national.slice(1, -1)),
    Buffer.from(NUMBER).toString('base64').slice(0, 14),
  ])
    assert.ok(!text.includes(trace), `${place} holds the number`)
}
