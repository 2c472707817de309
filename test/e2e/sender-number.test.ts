import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeDiameter, value } from '@ipsmgw/diameter'
import { DiameterRelay } from '../support/diameter-relay.ts'
import { HIDDEN, type Stage, stage } from './stage.ts'

const policy = { homeDomains: ['ims.example'], anonymity: { mode: 'allow' } }
const TO = '447900711001'
/** Command code of UDR and UDA. */
const USER_DATA = 306

/** Questions over Sh about one identity. */
const askedOverSh = (it: Stage, uri: string) =>
  it.gateway.lab.hssLog
    .entries()
    .filter(({ publicIdentity }) => publicIdentity === uri)
    .map(({ command }) => command)

const shownTo = (it: Stage, msisdn: string) =>
  it.gateway.lab.phones.messagesOf(msisdn).map(({ originator }) => originator)

const told = async (it: Stage, answer: string) => {
  const text = await (await fetch(it.gateway.url('/metrics'))).text()
  return text.match(new RegExp(`ipsmgw_routing_senders_total\\{answer="${answer}"[^}]*\\} (\\d+)`))?.[1]
}

describe('RFC 3325 §9.1, TS 23.040 §9.1.2.5: a sender of our own domain without a number', () => {
  test('has the number that the HSS knows, on the phone and on record; asked for once', async (t) => {
    const it = await stage(t, { policy })
    const alice = it.person()
    const text = 'A text of several parts '.repeat(12)
    for (const _ of [1, 2])
      assert.equal((await it.sender.send({ to: TO, text, asserted: `<${alice.uri}>` })).status, 200)
    assert.deepEqual(shownTo(it, TO), [`+${alice.msisdn}`, `+${alice.msisdn}`])
    assert.deepEqual(it.texts({ msisdn: TO, uri: '' }), [text, text])
    assert.deepEqual(askedOverSh(it, alice.uri), ['UDR'])
    assert.equal(await told(it, 'number'), '2')
    const logs = it.gateway.logged.join('')
    assert.ok(!logs.includes(alice.msisdn) && !logs.includes(alice.uri), 'logged')
  })

  test('that hides leaves no trace in HSS and HLR, whatever it has asserted', async (t) => {
    const it = await stage(t, { policy, routing: { tellSender: true } })
    const alice = it.person()
    const answer = await it.sender.send({ to: TO, asserted: `<${alice.uri}>`, ...HIDDEN })
    assert.equal(answer.status, 200)
    assert.deepEqual(shownTo(it, TO), ['Anonymous'])
    const { hssLog } = it.gateway.lab
    assert.deepEqual(askedOverSh(it, alice.uri), [])
    assert.deepEqual(
      hssLog.entries().map(({ command }) => command),
      ['SRR'],
    )
    const srr = decodeDiameter(Buffer.from(hssLog.entries(TO)[0]?.octets ?? '', 'hex'))
    assert.equal(value(srr, 'SM-RP-SMEA'), undefined)
  })

  test('that the HSS does not know has its name, or 403 where policy wants a number', async (t) => {
    const it = await stage(t, { policy })
    const asserted = '<sip:nobody@ims.example>'
    assert.equal((await it.sender.send({ to: TO, asserted })).status, 200)
    assert.deepEqual(shownTo(it, TO), ['nobody'])
    assert.equal(await told(it, 'unknown-user'), '1')
    const strict = await stage(t, { policy: { ...policy, originator: { withoutNumber: 'reject' } } })
    const alice = strict.person()
    const refused = await strict.sender.send({ to: TO, asserted })
    assert.deepEqual([refused.status, await strict.causeOf(refused)], [403, 'noOriginator'])
    assert.equal((await strict.sender.send({ to: TO, asserted: `<${alice.uri}>` })).status, 200)
    assert.deepEqual(shownTo(strict, TO), [`+${alice.msisdn}`])
  })

  test('has its name while the HSS says nothing, in time, and its number when it speaks again', async (t) => {
    const relays: DiameterRelay[] = []
    const it = await stage(t, {
      policy,
      // The way is asked of the HLR, so that only Sh is missing.
      routing: { protocols: ['map'] },
      through: async ({ hss }) => {
        relays.push(await DiameterRelay.open({ host: '127.0.0.1', port: hss }))
        return { hss: relays[0]?.port ?? 0 }
      },
    })
    t.after(() => relays[0]?.close())
    const alice = it.person()
    const asserted = `<${alice.uri}>`
    relays[0]?.spoil(USER_DATA, () => undefined)
    assert.equal((await it.sender.send({ to: TO, asserted })).status, 200)
    assert.equal(await told(it, 'failed'), '1')
    relays[0]?.spoilNothing()
    assert.equal((await it.sender.send({ to: TO, asserted })).status, 200)
    assert.deepEqual(shownTo(it, TO), [`user${alice.msisdn}`.slice(0, 11), `+${alice.msisdn}`])
  })

  test('SM-RP-SMEA: home networks that filter are told the address that the phone sees', async (t) => {
    const it = await stage(t, { policy, routing: { tellSender: true } })
    const alice = it.person()
    assert.equal((await it.sender.send({ to: TO, asserted: `<${alice.uri}>` })).status, 200)
    const srr = decodeDiameter(Buffer.from(it.gateway.lab.hssLog.entries(TO)[0]?.octets ?? '', 'hex'))
    const smea = Buffer.from(value(srr, 'SM-RP-SMEA') ?? []).toString('hex')
    const swapped = alice.msisdn.replace(/(.)(.)/g, '$2$1')
    assert.equal(smea, `0c91${swapped}`)
  })

  test('of another domain is shown by its name, and the HSS hears nothing of it', async (t) => {
    const it = await stage(t, { policy: { ...policy, homeDomains: ['other.example'] } })
    const alice = it.person()
    assert.equal((await it.sender.send({ to: TO, asserted: `<${alice.uri}>` })).status, 200)
    assert.deepEqual(askedOverSh(it, alice.uri), [])
  })
})
