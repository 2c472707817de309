import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import {
  ALICE,
  BOB,
  type Called,
  type FilterCriterion,
  Ims,
  type ImsOptions,
  type InstantMessage,
  type Passage,
  type SentMessage,
} from '@ipsmgw/test/lab'
import { spyOnBus } from './bus-spy.ts'
import { CPM_AS, GatewayInLab, HASTY_SCSCF, SCSCF } from './gateway.ts'
import { Sender } from './sender.ts'

const BOB_MSISDN = '447900123456'
const ADDRESSES = {
  alice: '127.0.0.21',
  bob: '127.0.0.22',
  originating: '127.0.0.31',
  terminating: SCSCF,
  imAs: '127.0.0.32',
  cpmAs: CPM_AS,
}
const HIDDEN: Partial<InstantMessage> = {
  from: '"Anonymous" <sip:anonymous@anonymous.invalid>',
  headers: [['Privacy', 'id']],
}

/** One message through the whole figure. */
interface Walk {
  readonly ims: Ims
  readonly gateway: GatewayInLab
  readonly sent: SentMessage
  readonly way: readonly Passage[]
}

async function walk(
  t: TestContext,
  gateway: GatewayInLab,
  called: (ims: Ims) => Called,
  { message, ...options }: Partial<ImsOptions> & { message?: Partial<InstantMessage> } = {},
): Promise<Walk> {
  const ims = new Ims({ addresses: ADDRESSES, gateway: { transport: 'tcp', ...gateway.sip }, ...options })
  await ims.start()
  t.after(() => ims.stop())
  ims.setBob(called(ims))
  const sent = await ims.send(message)
  return { ims, gateway, sent, way: ims.way(sent.callId) }
}

function criterion(
  server: FilterCriterion['server'],
  cases: FilterCriterion['cases'] = ['term-reg', 'term-unreg'],
): FilterCriterion {
  return { cases, server, defaultHandling: 'SESSION_CONTINUED' }
}

/** Way, Via, Route and final of every hop, from Alice to the gateway and back. */
function assertHops({ ims, sent, way }: Walk, elements: readonly string[], status: number): void {
  assert.deepEqual(
    way.map(({ element }) => element),
    elements,
  )
  const toTag = sent.final?.toTag
  assert.ok(toTag, 'Alice has a final with a To-tag')
  for (const [index, passage] of way.entries()) {
    const { element, vias, routes, received, sent: onward, answered } = passage
    const next = way[index + 1]
    assert.equal(vias.length, index + 1, `${element}: one Via for each hop before`)
    if (next !== undefined) {
      assert.deepEqual(next.vias.slice(1), vias, `${next.element}: the Vias of ${element} below its own`)
      assert.deepEqual(next.routes, onward?.routes, `${next.element}: Routes as ${element} sent them`)
    }
    const returned = received?.vias ?? []
    assert.deepEqual(returned, next?.vias ?? returned, `${element}: the final came back the way it went`)
    assert.deepEqual(returned.slice(1), vias, `${element}: below its own Via those it received`)
    assert.match(returned[0] ?? '', new RegExp(`^SIP/2.0/TCP ${hostOf(ims, element)}[:;]`), element)
    assert.deepEqual([received?.status, received?.toTag], [status, toTag], `${element}: final of the gateway`)
    assert.deepEqual(answered, { status, toTag }, `${element}: final given back`)
    assert.ok(index > 0 || routes[0] === ims.originating.element.route('orig'))
  }
  assert.deepEqual(sent.final?.vias, way[0]?.vias, 'Alice: her own Via and nothing else')
  assert.equal(sent.final?.status, status)
  assert.deepEqual(sent.final?.headers.filter(isAnswer), way.at(-1)?.received?.headers.filter(isAnswer))
}

/** Headers of the answer that no hop may change. */
function isAnswer([name]: readonly [string, string]): boolean {
  return /^(From|To|Call-ID|CSeq|Reason|Warning|Retry-After)$/i.test(name)
}

function hostOf({ originating, terminating, imAs, cpmAs }: Ims, name: string): string {
  const { element } =
    [originating, terminating, imAs, cpmAs].find((it) => it.element.name === name) ?? originating
  return element.destination.host.replaceAll('.', '\\.')
}

function phoneTexts(gateway: GatewayInLab): string[] {
  return gateway.lab.phones.messagesOf(BOB_MSISDN).map(({ text }) => text)
}

function route({ host, port }: { readonly host: string; readonly port: number }): string {
  return `<sip:${host}:${port};transport=tcp;lr>`
}

const ODI = /^<sip:odi_[0-9a-f]{12}@127\.0\.0\.11:\d+;transport=tcp;lr>$/

describe('TS 23.204 figure 6.13, gateway that allows hidden senders', () => {
  let gateway: GatewayInLab
  before(async () => {
    gateway = await GatewayInLab.start({
      policy: { anonymity: { mode: 'allow' }, authorisation: { deniedRecipients: ['+4479999'] } },
    })
  })
  after(() => gateway.stop())

  test('(a) registered: through the IM AS and back to the same S-CSCF, then to the gateway', async (t) => {
    const before = phoneTexts(gateway).length
    const walked = await walk(t, gateway, ({ imAs, gateway: ipSmGw }) => ({
      registered: true,
      criteria: [criterion(imAs.element.destination, ['term-reg']), criterion(ipSmGw)],
    }))
    assertHops(walked, ['scscf-a', 'scscf-b', 'im-as', 'scscf-b'], 200)
    const { ims, way } = walked
    const [, first, imAs, second] = way
    assert.deepEqual(first?.routes, [])
    assert.equal(imAs?.routes.length, 2)
    assert.equal(imAs?.routes[0], route(ims.imAs.element.destination))
    assert.match(imAs?.routes[1] ?? '', ODI)
    assert.deepEqual(second?.routes, imAs?.routes.slice(1), 'the AS took its own Route off')
    assert.equal(second?.sent?.routes[0], route(ims.gateway))
    assert.match(second?.sent?.routes[1] ?? '', ODI)
    assert.notEqual(
      second?.sent?.routes[1],
      imAs?.routes[1],
      'each trigger has a dialog identifier of its own',
    )
    assert.equal(second?.sent?.servedUser, `<${BOB[0]}>;sescase=term;regstate=reg`)
    assert.deepEqual(phoneTexts(gateway).slice(before), ['Hello Bob'])
    assert.deepEqual(ims.bob.inbox, [])
  })

  test('(b) unregistered: the AS is not triggered, the gateway is', async (t) => {
    const before = phoneTexts(gateway).length
    const walked = await walk(t, gateway, ({ imAs, gateway: ipSmGw }) => ({
      registered: false,
      criteria: [criterion(imAs.element.destination, ['term-reg']), criterion(ipSmGw)],
    }))
    assertHops(walked, ['scscf-a', 'scscf-b'], 200)
    const onward = walked.way[1]?.sent
    assert.equal(onward?.routes[0], route(walked.ims.gateway))
    assert.match(onward?.routes[1] ?? '', ODI)
    assert.match(onward?.servedUser ?? '', /;sescase=term;regstate=unreg$/)
    assert.equal(phoneTexts(gateway).length, before + 1)
  })

  test('(c) the CPM AS sends directly, without P-Served-User, and the OK goes to it', async (t) => {
    const before = phoneTexts(gateway).length
    const walked = await walk(t, gateway, ({ cpmAs }) => ({
      registered: true,
      criteria: [criterion(cpmAs.element.destination)],
    }))
    assertHops(walked, ['scscf-a', 'scscf-b', 'cpm-as'], 200)
    const cpmAs = walked.way[2]
    assert.ok(cpmAs?.servedUser, 'the S-CSCF told it who is served')
    assert.equal(cpmAs?.sent?.servedUser, undefined)
    assert.deepEqual(cpmAs?.sent?.routes, [route(walked.ims.gateway)])
    assert.equal(phoneTexts(gateway).length, before + 1)
  })

  test('(d) a recipient who is not authorised: 403 with the words that clients look for, nothing asked or sent', async (t) => {
    const denied = await GatewayInLab.start({ policy: { authorisation: { deniedRecipients: ['+4479'] } } })
    t.after(() => denied.stop())
    const walked = await walk(t, denied, ({ gateway: ipSmGw }) => ({
      registered: true,
      criteria: [criterion(ipSmGw)],
    }))
    assertHops(walked, ['scscf-a', 'scscf-b'], 403)
    const warning = walked.sent.final?.headers.find(([name]) => name === 'Warning')?.[1]
    assert.match(warning ?? '', /^399 \S+ "127 Service not authorised"$/)
    assert.deepEqual([denied.lab.hssLog.entries(), denied.lab.nodesLog.entries()], [[], []])
    assert.deepEqual(walked.ims.bob.inbox, [])
  })

  test('(d) the same recipient by a name: 403 as soon as the HSS has told the number, nothing routed or sent', async (t) => {
    const denied = await GatewayInLab.start({ policy: { authorisation: { deniedRecipients: ['+4479'] } } })
    const sender = await Sender.open(SCSCF, denied.sip)
    t.after(async () => {
      await sender.close()
      await denied.stop()
    })
    denied.set(BOB_MSISDN, { behaviour: 'reachable', identities: ['sip:bob@ims.invalid'] })
    const answer = await sender.send({ to: 'sip:bob@ims.invalid' })
    assert.equal(answer.status, 403)
    assert.match(answer.header('warning') ?? '', /"127 Service not authorised"$/)
    assert.deepEqual(
      denied.lab.hssLog.entries().map(({ command }) => command),
      ['UDR'],
    )
    assert.deepEqual(denied.lab.nodesLog.entries(), [])
  })

  test('(e) a hidden sender: no trace of it in TPDU, SRR, topic key, later record or log', async (t) => {
    const published = spyOnBus(t)
    const known = gateway.lab.nodesLog.entries().length
    const knownAtHss = gateway.lab.hssLog.entries().length
    const walked = await walk(
      t,
      gateway,
      ({ gateway: ipSmGw }) => ({ registered: false, criteria: [criterion(ipSmGw)] }),
      { message: HIDDEN },
    )
    assertHops(walked, ['scscf-a', 'scscf-b'], 200)
    assert.deepEqual(walked.way[1]?.asserted, [`<${ALICE[0]}>`, `<${ALICE[1]}>`], 'inside the trust domain')
    const forwards = gateway.lab.nodesLog.entries().slice(known)
    const queries = gateway.lab.hssLog.entries().slice(knownAtHss)
    assert.deepEqual([forwards.length, queries.length], [1, 1])
    assert.equal(gateway.lab.phones.messagesOf(BOB_MSISDN).at(-1)?.originator, 'Anonymous')
    for (const { octets } of [...forwards, ...queries])
      assertNoTrace(octets, Buffer.from(octets, 'hex').toString('latin1'))
    const keys = published.map(({ key }) => key)
    assert.ok(keys.length >= 6, 'the pipeline was seen')
    assertNoTrace('', keys.join('\n'))
    const later = published.filter(({ topic }) => !['im.received', 'message.completed'].includes(topic))
    assert.deepEqual([...new Set(later.map(({ topic }) => topic))].sort(), [
      'sip.final',
      'sm.prepared',
      'sm.reports',
      'sm.routed',
    ])
    assertNoTrace('', JSON.stringify(later))
    assert.ok(
      gateway.logged.some((line) => line.includes('message accepted')),
      'the log is at its lowest level',
    )
    assertNoTrace('', gateway.logged.join(''))
  })

  test('(g) sescase=orig, from a misprovisioned criterion of the sender: 403, and no SMS to the sender', async (t) => {
    const ims = new Ims({ addresses: ADDRESSES, gateway: { transport: 'tcp', ...gateway.sip } })
    await ims.start()
    t.after(() => ims.stop())
    ims.terminating.add({
      identities: ALICE,
      contact: ims.alice.element.destination,
      criteria: [criterion(ims.gateway, ['orig'])],
    })
    const sent = await ims.alice.send({ to: 'tel:+447900123456', text: 'Hello' }, ims.terminating.service)
    const [passage] = ims.way(sent.callId)
    assert.match(passage?.sent?.servedUser ?? '', /^<sip:alice\.liddell@ims\.invalid>;sescase=orig;/)
    assert.equal(sent.final?.status, 403)
    assert.deepEqual(sent.final?.vias, passage?.vias)
    assert.deepEqual(gateway.lab.phones.messagesOf('447700900111'), [])
    assert.deepEqual(gateway.lab.hssLog.entries('447700900111'), [])
  })

  test('(g) P-Served-User from a peer that may not say it: 403, nothing asked or sent', async (t) => {
    const before = gateway.lab.hssLog.entries().length
    const walked = await walk(
      t,
      gateway,
      ({ cpmAs }) => ({ registered: true, criteria: [criterion(cpmAs.element.destination)] }),
      { keepServedUser: true },
    )
    assertHops(walked, ['scscf-a', 'scscf-b', 'cpm-as'], 403)
    assert.equal(gateway.lab.hssLog.entries().length, before)
    assert.deepEqual(walked.ims.bob.inbox, [])
  })

  test('(h) a fixed watchdog of 5 s and a phone that answers after 7 s: 202 in time, exactly one SMS', async (t) => {
    const known = phoneTexts(gateway).length
    gateway.set(BOB_MSISDN, { behaviour: 'reachable', delayMs: 7_000 })
    t.after(() => gateway.set(BOB_MSISDN, { behaviour: 'reachable' }))
    const startedAt = performance.now()
    const walked = await walk(
      t,
      gateway,
      ({ gateway: ipSmGw }) => ({ registered: true, criteria: [criterion(ipSmGw)] }),
      { addresses: { ...ADDRESSES, terminating: HASTY_SCSCF }, serverWatchdogMs: 5_000 },
    )
    assert.ok(performance.now() - startedAt < 5_000)
    assertHops(walked, ['scscf-a', 'scscf-b'], 202)
    assert.equal(phoneTexts(gateway).length, known)
    const { promise: waited, resolve } = Promise.withResolvers<void>()
    const poll = setInterval(() => phoneTexts(gateway).length > known && resolve(), 50)
    t.after(() => clearInterval(poll))
    await waited
    assert.deepEqual(phoneTexts(gateway).slice(known), ['Hello Bob'])
    assert.deepEqual(walked.ims.bob.inbox, [], 'the watchdog did not fire: nothing went to Bob over IMS')
  })
})

describe('TS 23.204 figure 6.13, gateway that prohibits hidden senders', () => {
  test('(f) 433 goes back to the sender, nothing is asked, and default handling delivers nothing either', async (t) => {
    const gateway = await GatewayInLab.start({ policy: { anonymity: { mode: 'prohibit' } } })
    t.after(() => gateway.stop())
    const walked = await walk(
      t,
      gateway,
      ({ gateway: ipSmGw }) => ({ registered: true, criteria: [criterion(ipSmGw)] }),
      { message: HIDDEN },
    )
    assertHops(walked, ['scscf-a', 'scscf-b'], 433)
    assert.equal(walked.sent.final?.reason, 'Anonymity Disallowed')
    assert.deepEqual([gateway.lab.hssLog.entries(), gateway.lab.nodesLog.entries()], [[], []])
    assert.deepEqual(walked.ims.bob.inbox, [])
  })
})

const SENDER_DIGITS = '447700900111'

/** Neither digits nor name of the sender, in text or, two digits an octet, in either nibble order and alignment. */
function assertNoTrace(hex: string, text: string): void {
  const swap = (digits: string) => digits.replace(/(.)(.)/g, '$2$1')
  const tail = SENDER_DIGITS.slice(-8)
  for (const trace of [tail, swap(tail), swap(SENDER_DIGITS.slice(-9, -1))])
    assert.ok(!hex.includes(trace), `${trace} in octets`)
  for (const trace of [SENDER_DIGITS.slice(-6), 'alice', 'liddell'])
    assert.ok(!text.toLowerCase().includes(trace), `${trace} in text`)
}
