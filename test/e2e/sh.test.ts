import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import { decodeDiameter, value, values } from '@ipsmgw/diameter'
import type { SubscriberSetting } from '@ipsmgw/test/lab'
import { DiameterRelay } from '../support/diameter-relay.ts'
import { eventually } from '../support/eventually.ts'
import { spyOnBus } from './bus-spy.ts'
import { ANSWER_BY_MS, GatewayInLab, type GatewayOptions, SCSCF } from './gateway.ts'
import { type Answer, Sender } from './sender.ts'

type Sh = NonNullable<SubscriberSetting['sh']>

let numbers = 447_900_700_000

interface Person {
  readonly msisdn: string
  readonly uri: string
}

/** A gateway, a sender, and subscribers that the HSS knows by a name. */
class Stage {
  readonly gateway: GatewayInLab
  readonly sender: Sender

  private constructor(gateway: GatewayInLab, sender: Sender) {
    this.gateway = gateway
    this.sender = sender
  }

  static async open(options: GatewayOptions): Promise<Stage> {
    const gateway = await GatewayInLab.start(options)
    return new Stage(gateway, await Sender.open(SCSCF, gateway.sip))
  }

  async close(): Promise<void> {
    await this.sender.close()
    await this.gateway.stop()
  }

  person(sh: Sh = {}, rest: Partial<SubscriberSetting> = {}): Person {
    const msisdn = String(++numbers)
    const person = { msisdn, uri: `sip:user${msisdn}@ims.example` }
    this.change(person, sh, rest)
    return person
  }

  change({ msisdn, uri }: Person, sh: Sh, rest: Partial<SubscriberSetting> = {}): void {
    this.gateway.set(msisdn, { behaviour: 'reachable', node: 'mme', identities: [uri], sh, ...rest })
  }

  /** Requests of one person at HSS and HLR, in their order. */
  asked({ msisdn }: Person): string[] {
    return this.gateway.lab.hssLog.entries(msisdn).map(({ command }) => command)
  }

  request({ msisdn }: Person, command: string) {
    const octets = this.gateway.lab.hssLog.entries(msisdn).find((it) => it.command === command)?.octets
    return decodeDiameter(Buffer.from(octets ?? assert.fail(`no ${command}`), 'hex'))
  }

  texts({ msisdn }: Person): string[] {
    return this.gateway.lab.phones.messagesOf(msisdn).map(({ text }) => text)
  }

  async causeOf({ callId }: Answer): Promise<string> {
    return (await this.gateway.message(callId)).cause
  }
}

async function stage(t: TestContext, options: GatewayOptions): Promise<Stage> {
  const it = await Stage.open(options)
  t.after(() => it.close())
  return it
}

const grant = (word: string) =>
  `<IpSmGw xmlns="urn:ipsmgw:service-data:1"><ImToSms>${word}</ImToSms></IpSmGw>`
const HIDDEN = { headers: [['Privacy', 'id']] } as const

describe('TS 29.328 §6.1: users over Sh', () => {
  test('the answer is kept: a second message asks for the way only', async (t) => {
    const it = await stage(t, {})
    const bob = it.person()
    for (const _ of [1, 2]) assert.equal((await it.sender.send({ to: bob.uri })).status, 200)
    assert.deepEqual(it.asked(bob), ['UDR', 'SRR', 'SRR'])
    assert.equal(value(it.request(bob, 'SRR'), 'Destination-Host'), 'hss.lab.invalid')
    const metrics = await (await fetch(it.gateway.url('/metrics'))).text()
    assert.match(metrics, /ipsmgw_routing_user_lookups_total\{result="hit"[^}]*\} 1\n/)
    assert.match(metrics, /ipsmgw_routing_users_kept[^\n]* 1\n/)
  })

  test('an unknown user: 404, and the HSS is not asked again at once', async (t) => {
    const it = await stage(t, {})
    const nobody = 'sip:nobody@ims.example'
    for (const _ of [1, 2]) assert.equal((await it.sender.send({ to: nobody })).status, 404)
    const queries = it.gateway.lab.hssLog.entries().filter(({ publicIdentity }) => publicIdentity === nobody)
    assert.equal(queries.length, 1)
  })

  test('with a subscription the HSS tells of a change, and the next message goes by what is so now', async (t) => {
    const it = await stage(t, { routing: { sh: { subscribe: true } } })
    const bob = it.person()
    assert.equal((await it.sender.send({ to: bob.uri })).status, 200)
    await eventually(() => it.asked(bob).includes('SNR'), 'the subscription')
    const snr = it.request(bob, 'SNR')
    assert.deepEqual(values(snr, 'Data-Reference'), [10])
    assert.deepEqual([value(snr, 'Subs-Req-Type'), value(snr, 'Send-Data-Indication')], [0, 1])
    // Another number now: the phone of before must not get what is meant for him.
    const carol = it.person()
    it.gateway.set(bob.msisdn, { behaviour: 'reachable', node: 'mme', identities: [] })
    it.gateway.set(carol.msisdn, { behaviour: 'reachable', node: 'mme', identities: [carol.uri, bob.uri] })
    const told = () => it.gateway.lab.hssLog.entries(bob.msisdn).find(({ command }) => command === 'PNR')
    await eventually(() => told()?.result === 2001, 'the push is answered')
    assert.equal((await it.sender.send({ to: bob.uri, text: 'to Carol' })).status, 200)
    assert.deepEqual([it.texts(bob), it.texts(carol)], [['Hello'], ['to Carol']])
  })

  test('a push about nobody is answered 5107, and the HSS ends the subscription', async (t) => {
    const it = await stage(t, { routing: { sh: { subscribe: true } } })
    const bob = it.person()
    await it.sender.send({ to: bob.uri })
    await eventually(() => it.asked(bob).includes('SNR'), 'the subscription')
    const pushes = () =>
      it.gateway.lab.hssLog
        .entries(bob.msisdn)
        .filter(({ command }) => command === 'PNR')
        .map(({ result }) => result)
    for (const expected of [[2001], [2001, 5107]]) {
      it.change(bob, {})
      await eventually(() => pushes().join() === expected.join(), 'the push is answered')
    }
    it.change(bob, {})
    assert.equal((await it.sender.send({ to: bob.uri })).status, 200)
    assert.deepEqual(pushes(), [2001, 5107])
  })

  test('an HSS that lets nobody subscribe: the answer holds for its own time, then it is asked again', async (t) => {
    const it = await stage(t, { routing: { sh: { subscribe: true, cacheMs: 300 } } })
    const bob = it.person({ notify: false })
    await it.sender.send({ to: bob.uri })
    await eventually(() => it.asked(bob).includes('SNR'), 'the subscription')
    await eventually(async () => {
      await it.sender.send({ to: bob.uri })
      return it.asked(bob).filter((command) => command === 'UDR').length === 2
    }, 'the answer is too old')
    assert.equal(it.asked(bob).filter((command) => command === 'SNR').length, 1)
  })

  test('with the HSS gone what is kept serves no longer than its time: 480 then, and delivery when it is back', async (t) => {
    const relays: DiameterRelay[] = []
    const it = await stage(t, {
      // The way is asked of the HLR, so that only Sh is missing.
      routing: { protocols: ['map'], sh: { cacheMs: 1_000 } },
      through: async ({ hss }) => {
        relays.push(await DiameterRelay.open({ host: '127.0.0.1', port: hss }))
        return { hss: relays[0]?.port ?? 0 }
      },
    })
    const [relay] = relays
    t.after(() => relay?.close())
    const bob = it.person()
    assert.equal((await it.sender.send({ to: bob.uri })).status, 200)
    relay?.cut()
    assert.equal((await it.sender.send({ to: bob.uri })).status, 200)
    const statuses: number[] = []
    let last: Answer | undefined
    await eventually(async () => {
      last = await it.sender.send({ to: bob.uri })
      statuses.push(last.status)
      return last.status === 480
    }, 'the answer is too old')
    assert.equal(await it.causeOf(last ?? assert.fail()), 'serviceDataUnavailable')
    assert.equal((await it.sender.send({ to: bob.uri })).status, 480)
    relay?.restore()
    await eventually(async () => (await it.sender.send({ to: bob.uri })).status === 200, 'the HSS is back')
  })
})

describe('Sh data that nobody should send', () => {
  let it: Stage
  before(async () => {
    it = await Stage.open({ policy: { authorisation: { homeData: { use: 'and' } } } })
  })
  after(() => it.close())

  const DOCUMENTS: Readonly<Record<string, string>> = {
    'no end': '<Sh-Data><PublicIdentifiers>',
    'nothing at all': '',
    'no XML': 'MSISDN=447900700000',
    'entities in entities':
      '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Sh-Data>&b;</Sh-Data>',
    'an external entity': '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><Sh-Data>&f;</Sh-Data>',
    'elements a thousand deep': '<a>'.repeat(1_000) + '</a>'.repeat(1_000),
    'ten thousand elements': `<Sh-Data>${'<b/>'.repeat(10_000)}</Sh-Data>`,
    'near the longest message': `<Sh-Data>${' '.repeat(64_800)}<PublicIdentifiers>`,
    'two roots': '<Sh-Data/><Sh-Data/>',
  }
  for (const [what, document] of Object.entries(DOCUMENTS))
    test(`TS 29.328 annex C: ${what}: 480, nothing routed, and the peer is kept`, async () => {
      const before = await connection()
      assert.equal(before[0], 'iOpen')
      const bob = it.person({ document })
      const answer = await it.sender.send({ to: bob.uri })
      assert.equal(answer.status, 480)
      assert.ok(answer.elapsedMs < ANSWER_BY_MS)
      assert.equal(await it.causeOf(answer), 'serviceDataUnavailable')
      assert.deepEqual(it.asked(bob), ['UDR'])
      const carol = it.person({ serviceData: grant('allowed') })
      assert.equal((await it.sender.send({ to: carol.uri })).status, 200)
      assert.deepEqual(await connection(), before)
    })

  async function connection(): Promise<readonly unknown[]> {
    const peers = (await (await fetch(it.gateway.url('/api/peers'))).json()) as { identity: string }[]
    const { state, since } = (peers.find(({ identity }) => identity === 'hss.lab.invalid') ?? {}) as {
      state?: string
      since?: string
    }
    return [state, since]
  }
})

describe('TS 23.204 §6.13 step 7: authorisation by service data of the HSS', () => {
  const and = { authorisation: { homeData: { use: 'and' } } }

  test('and: allowed is delivered; barred, absent, unknown and unreadable are refused, each with its cause', async (t) => {
    const it = await stage(t, { policy: and })
    const rows: readonly [Sh, number, string][] = [
      [{ serviceData: grant('allowed') }, 200, 'delivered'],
      [{ serviceData: grant('barred') }, 403, 'notAuthorisedAtHome'],
      [{ serviceData: '<Other/>' }, 403, 'notAuthorisedAtHome'],
      [{}, 403, 'notAuthorisedAtHome'],
      [{ known: false }, 404, 'unknownSubscriber'],
      [{ result: { code: 4100 } }, 480, 'serviceDataUnavailable'],
      [{ result: { code: 5102 } }, 480, 'serviceDataRefused'],
    ]
    for (const [sh, status, cause] of rows) {
      const bob = it.person(sh)
      const answer = await it.sender.send({ to: bob.msisdn })
      assert.deepEqual([answer.status, await it.causeOf(answer)], [status, cause], JSON.stringify(sh))
      assert.deepEqual(it.asked(bob), status === 200 ? ['UDR', 'SRR'] : ['UDR'])
      const isRefusal = cause === 'notAuthorisedAtHome'
      assert.equal(/"127 Service not authorised"/.test(answer.header('warning') ?? ''), isRefusal)
    }
  })

  test('and: a user who loses the service loses it with the push', async (t) => {
    const it = await stage(t, { policy: and, routing: { sh: { subscribe: true } } })
    const bob = it.person({ serviceData: grant('allowed') })
    assert.equal((await it.sender.send({ to: bob.msisdn })).status, 200)
    await eventually(() => it.asked(bob).includes('SNR'), 'the subscription')
    assert.deepEqual(values(it.request(bob, 'SNR'), 'Data-Reference'), [10, 0])
    it.change(bob, { serviceData: grant('barred') })
    await eventually(
      () => it.gateway.lab.hssLog.entries(bob.msisdn).some((r) => r.command === 'PNR' && r.result === 2001),
      'the push is answered',
    )
    assert.equal((await it.sender.send({ to: bob.msisdn })).status, 403)
  })

  test('or: the HSS allows whom the document does not list, and is not asked about others', async (t) => {
    const authorisation = { default: 'deny', allowedRecipients: ['+4479007'], homeData: { use: 'or' } }
    const it = await stage(t, { policy: { authorisation } })
    const listed = it.person()
    assert.equal((await it.sender.send({ to: listed.msisdn })).status, 200)
    assert.deepEqual(it.asked(listed), ['SRR'])
    const other = (msisdn: string, serviceData: string) => {
      it.gateway.set(msisdn, { behaviour: 'reachable', node: 'mme', sh: { serviceData } })
      return msisdn
    }
    assert.equal((await it.sender.send({ to: other('15550001042', grant('allowed')) })).status, 200)
    assert.equal((await it.sender.send({ to: other('15550001043', grant('barred')) })).status, 403)
  })

  test('absent data allow where the policy says so', async (t) => {
    const it = await stage(t, {
      policy: { authorisation: { homeData: { use: 'and', whenAbsent: 'allow' } } },
    })
    assert.equal((await it.sender.send({ to: it.person().msisdn })).status, 200)
    const barred = it.person({ serviceData: grant('barred') })
    assert.equal((await it.sender.send({ to: barred.msisdn })).status, 403)
  })

  test('a refused hidden sender: 433, and neither Sh nor S6c nor MAP is asked', async (t) => {
    const it = await stage(t, { policy: { ...and, anonymity: { mode: 'prohibit' } } })
    const bob = it.person({ serviceData: grant('allowed') })
    for (const to of [bob.msisdn, bob.uri])
      assert.equal((await it.sender.send({ to, ...HIDDEN })).status, 433)
    assert.deepEqual(it.gateway.lab.hssLog.entries(), [])
    assert.equal((await it.sender.send({ to: bob.uri })).status, 200)
  })
})

describe('routing.protocols: [sh]', () => {
  test('whom an HSS knows is routed over S6c there, whom none knows over MAP', async (t) => {
    const it = await stage(t, { routing: { protocols: ['sh'] } })
    const modern = it.person()
    const legacy = it.person({ known: false })
    for (const { msisdn } of [modern, legacy])
      assert.equal((await it.sender.send({ to: msisdn })).status, 200)
    assert.deepEqual(it.asked(modern), ['UDR', 'SRR'])
    assert.deepEqual(it.asked(legacy), ['UDR', 'sendRoutingInfoForSM'])
    assert.deepEqual([it.texts(modern), it.texts(legacy)], [['Hello'], ['Hello']])
    assert.equal((await it.sender.send({ to: legacy.uri })).status, 404)
  })

  test('an HSS that says nothing is no HSS that says no: 480, and no HLR is asked', async (t) => {
    const it = await stage(t, { routing: { protocols: ['sh'] } })
    const bob = it.person({}, { behaviour: 'silent', at: 'hss' })
    const answer = await it.sender.send({ to: bob.msisdn })
    assert.deepEqual([answer.status, await it.causeOf(answer)], [480, 'serviceDataUnavailable'])
    assert.deepEqual([...new Set(it.asked(bob))], ['UDR'])
  })
})

describe('TS 29.338 §5.3.2.3: users without a number', () => {
  const policy = { homeDomains: ['ims.example'], anonymity: { mode: 'allow' } }
  const ALICE = 'sip:alice@ims.example'

  test('by IMSI: asked for over Sh, routed, delivered, on record, and nowhere else', async (t) => {
    const published = spyOnBus(t)
    const it = await stage(t, { policy })
    const bob = it.person({ number: false })
    const answer = await it.sender.send({ to: bob.uri, asserted: `<${ALICE}>` })
    assert.equal(answer.status, 200)
    assert.deepEqual(it.asked(bob), ['UDR', 'UDR', 'SRR'])
    const { imsi } = it.gateway.lab.subscribers.of(bob.msisdn)
    const srr = it.request(bob, 'SRR')
    assert.deepEqual([value(srr, 'MSISDN'), value(srr, 'User-Name')], [undefined, imsi])
    assert.equal(it.gateway.lab.phones.messagesOf(bob.msisdn)[0]?.originator, 'alice')
    const record = await it.gateway.message(answer.callId)
    assert.deepEqual([record.outcome, record.parts, record.partsDelivered], ['delivered', 1, 1])
    const keys = published.map(({ key }) => key).join()
    const metrics = await (await fetch(it.gateway.url('/metrics'))).text()
    for (const [place, text] of Object.entries({
      keys,
      metrics,
      logs: it.gateway.logged.join(''),
      record: JSON.stringify(record),
    }))
      assert.ok(!text.includes(imsi), `${place} hold the IMSI`)
  })

  test('by IMSI: a long message is one lane, and an absent phone is 480', async (t) => {
    const it = await stage(t, { policy })
    const bob = it.person({ number: false })
    const text = 'x'.repeat(400)
    const statuses = await Promise.all(
      [1, 2].map(async () => (await it.sender.send({ to: bob.uri, text })).status),
    )
    assert.deepEqual(statuses, [200, 200])
    assert.deepEqual(it.texts(bob), [text, text])
    const absent = it.person({ number: false }, { behaviour: 'absent' })
    assert.equal((await it.sender.send({ to: absent.uri })).status, 480)
  })

  test('by IMSI: the home network is told of it by the IMSI', async (t) => {
    const it = await stage(t, { policy })
    const bob = it.person({ number: false }, { waiting: true })
    assert.equal((await it.sender.send({ to: bob.uri })).status, 200)
    const { imsi } = it.gateway.lab.subscribers.of(bob.msisdn)
    const rdr = () => it.gateway.lab.hssLog.entries().find(({ command }) => command === 'RDR')
    await eventually(() => rdr() !== undefined, 'the report')
    const message = decodeDiameter(Buffer.from(rdr()?.octets ?? '', 'hex'))
    assert.deepEqual(value(message, 'User-Identifier'), { 'User-Name': imsi })
  })

  test('an HSS that keeps the IMSI to itself, and a gateway that serves nobody without a number: 404', async (t) => {
    const it = await stage(t, { policy })
    const secret = it.person({ number: false, imsi: false })
    const answer = await it.sender.send({ to: secret.uri })
    assert.deepEqual([answer.status, await it.causeOf(answer)], [404, 'noSubscriberNumber'])
    const strict = await stage(t, { policy, routing: { withoutNumber: 'refuse' } })
    const bob = strict.person({ number: false })
    assert.equal((await strict.sender.send({ to: bob.uri })).status, 404)
    assert.deepEqual(strict.asked(bob), ['UDR'])
  })

  test('by SIP URI: the correlation of both URIs is in SRR, TFR and RDR, without the sender’s when it hides', async (t) => {
    const it = await stage(t, { policy, routing: { withoutNumber: 'sip-uri', hssId: '00101' } })
    const correlationIn = (octets: string | undefined) => {
      const id = value(decodeDiameter(Buffer.from(octets ?? '', 'hex')), 'SMSMI-Correlation-ID')
      return id && [id['HSS-ID'], id['Originating-SIP-URI'], id['Destination-SIP-URI']]
    }
    for (const [sending, originator] of [
      [{ asserted: `<${ALICE}>` }, ALICE],
      [{ asserted: `<${ALICE}>`, ...HIDDEN }, undefined],
    ] as const) {
      const bob = it.person({ number: false }, { waiting: true })
      assert.equal((await it.sender.send({ to: bob.uri, ...sending })).status, 200)
      const expected = ['00101', originator, bob.uri]
      const srr = it.request(bob, 'SRR')
      assert.deepEqual([value(srr, 'MSISDN'), value(srr, 'User-Name')], [undefined, '00101'])
      const [tfr] = it.gateway.lab.nodesLog.entries(bob.msisdn)
      const log = it.gateway.lab.hssLog
      await eventually(() => log.entries().at(-1)?.command === 'RDR', 'the report')
      const octets = [log.entries(bob.msisdn).at(-1)?.octets, tfr?.octets, log.entries().at(-1)?.octets]
      for (const text of octets) assert.deepEqual(correlationIn(text), expected)
    }
  })

  test('MAP asks by number: 404 where there is nothing else to ask', async (t) => {
    const it = await stage(t, { policy, routing: { protocols: ['map'] } })
    const answer = await it.sender.send({ to: it.person({ number: false }).uri })
    assert.deepEqual([answer.status, await it.causeOf(answer)], [404, 'noSubscriberNumber'])
  })
})

describe('TS 23.204 §6.13 step 8: a phone that takes SMS over IMS only', () => {
  for (const protocol of ['s6c', 'map'])
    test(`${protocol}: 480 with a sentence of its own, a cause and a counter, and nothing is forwarded`, async (t) => {
      const it = await stage(t, { routing: { protocols: [protocol] } })
      const bob = it.person({}, { overIms: true })
      const answer = await it.sender.send({ to: bob.msisdn })
      assert.equal(answer.status, 480)
      assert.match(answer.header('reason') ?? '', /cause=88;text="the phone takes SMS over IMS only"/)
      assert.equal(await it.causeOf(answer), 'smsOverImsOnly')
      assert.deepEqual(it.gateway.lab.nodesLog.entries(), [])
      const metrics = await (await fetch(it.gateway.url('/metrics'))).text()
      assert.match(metrics, /ipsmgw_routing_failures_total\{[^}]*cause="smsOverImsOnly"[^}]*\} 1\n/)
    })
})

describe('TS 29.338 §5.2.1: an absence that the HSS answers the routing with', () => {
  const absent = { behaviour: 'absent', at: 'hss' } as const
  const rows: readonly [what: string, setting: Partial<SubscriberSetting>, routing: object, told: boolean][] =
    [
      ['noted there', absent, { singleAttempt: false }, false],
      ['not noted there (MWD-Status bit 0)', { ...absent, notNoted: true }, { singleAttempt: false }, true],
      ['not noted, and nothing is to be kept', { ...absent, notNoted: true }, {}, false],
    ]
  for (const [what, setting, routing, told] of rows)
    test(`${what}: ${told ? 'an RDR' : 'no RDR'}`, async (t) => {
      const it = await stage(t, { routing })
      const bob = it.person({}, setting)
      assert.equal((await it.sender.send({ to: bob.msisdn })).status, 480)
      // A later report of another phone shows that one of this phone would have come.
      const carol = it.person({}, { waiting: true })
      assert.equal((await it.sender.send({ to: carol.msisdn })).status, 200)
      await eventually(() => it.asked(carol).includes('RDR'), 'the report for another phone')
      assert.deepEqual(it.asked(bob), told ? ['SRR', 'RDR'] : ['SRR'])
      if (!told) return
      const outcome = value(it.request(bob, 'RDR'), 'SM-Delivery-Outcome')
      assert.deepEqual(outcome?.['MME-SM-Delivery-Outcome'], {
        'SM-Delivery-Cause': 1,
        'Absent-User-Diagnostic-SM': 1,
      })
    })
})
