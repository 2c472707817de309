import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BEHAVIOURS, conductAt, type SubscriberSetting } from './behaviour.ts'
import { Subscribers } from './subscribers.ts'

describe('subscribers of the lab', () => {
  test('every number is reachable and has an IMSI of its own until it is told otherwise', () => {
    const subscribers = new Subscribers(10)
    const first = subscribers.of('447900123456')
    const second = subscribers.of('447900123457')
    assert.equal(first.setting.behaviour, 'reachable')
    assert.match(first.imsi, /^\d{15}$/)
    assert.notEqual(first.imsi, second.imsi)
    assert.equal(subscribers.of('447900123456').imsi, first.imsi)
    assert.equal(subscribers.byImsi(second.imsi)?.msisdn, '447900123457')
  })

  test('a setting replaces the one before, identities included', () => {
    const subscribers = new Subscribers(10)
    subscribers.set('447900123456', { behaviour: 'absent', identities: ['sip:Alice@ims.example'] })
    assert.equal(subscribers.byIdentity('sip:alice@ims.example')?.setting.behaviour, 'absent')
    subscribers.set('447900123456', { behaviour: 'reachable' })
    assert.equal(subscribers.byIdentity('sip:alice@ims.example'), undefined)
    assert.equal(subscribers.byIdentity('tel:+447900123456')?.msisdn, '447900123456')
  })

  test('above the bound the number that was used longest ago is forgotten with its IMSI', () => {
    const subscribers = new Subscribers(2)
    const { imsi } = subscribers.of('447900000001')
    subscribers.of('447900000002')
    subscribers.of('447900000003')
    assert.equal(subscribers.byImsi(imsi), undefined)
  })
})

describe('behaviours', () => {
  const at = (setting: SubscriberSetting) =>
    (['hss', 'node'] as const).map((place) => {
      const { conduct, delayMs } = conductAt(setting, place)
      return [conduct.kind === 'refuse' ? conduct.result.code : conduct.kind, delayMs]
    })

  test('each shows at one place only', () => {
    const usual = Object.fromEntries(BEHAVIOURS.map((behaviour) => [behaviour, at({ behaviour }).flat()]))
    assert.deepEqual(usual, {
      reachable: ['serve', 0, 'serve', 0],
      absent: ['serve', 0, 5550, 0],
      'memory-full': ['serve', 0, 5555, 0],
      busy: ['serve', 0, 5551, 0],
      unknown: [5001, 0, 'serve', 0],
      barred: [5557, 0, 'serve', 0],
      'not-provisioned': [5556, 0, 'serve', 0],
      silent: ['serve', 0, 'silent', 0],
      'system-failure': ['serve', 0, 5012, 0],
      malformed: ['serve', 0, 'malformed', 0],
      abort: ['serve', 0, 'abort', 0],
      'turn-away': ['serve', 0, 'turn-away', 0],
      reject: ['serve', 0, 'reject', 0],
      'no-answer': ['serve', 0, 'no-answer', 0],
      error: ['serve', 0, 5012, 0],
    })
  })

  test('a setting moves it to the other place, delays it, and gives any result', () => {
    assert.deepEqual(at({ behaviour: 'absent', at: 'hss', delayMs: 50 }), [
      [5550, 50],
      ['serve', 0],
    ])
    assert.deepEqual(at({ behaviour: 'error', result: { code: 3004, vendorId: 0 } })[1], [3004, 0])
  })

  test('silent with a delay is an answer that late', () => {
    assert.deepEqual(at({ behaviour: 'silent', delayMs: 9_000 })[1], ['serve', 9_000])
  })
})
