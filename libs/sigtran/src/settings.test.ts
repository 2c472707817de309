import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadConfig } from '@ipsmgw/config'
import Type from 'typebox'
import { pointCodeOf } from './point-code.ts'
import { checkSigtran, sigtranSchema } from './settings.ts'

const schema = Type.Object({ sigtran: Type.Optional(sigtranSchema) }, { additionalProperties: false })

const load = (sigtran: object) => {
  const { config } = loadConfig(schema, { base: { sigtran }, environment: {} })
  return config.sigtran
}
const LEAST = {
  links: [{ name: 'stp', hosts: ['192.0.2.1'] }],
  instances: [{ pointCode: '1.1.1', globalTitle: '447700900010' }],
  destinations: ['1.2.1'],
}
const problems = (change: object, ordinal = 0) =>
  checkSigtran(load({ ...LEAST, ...change }), { ordinal }).map(({ path, message }) => `${path}: ${message}`)

describe('settings of the SIGTRAN side', () => {
  test('an absent section is no SIGTRAN side, and nothing is wrong with it', () => {
    assert.deepEqual(loadConfig(schema, { environment: {} }).config, {})
    assert.deepEqual(checkSigtran(undefined, { ordinal: 3 }), [])
  })

  test('links, own address and destinations are enough: M3UA over SCTP, UDT only', () => {
    const settings = load(LEAST)
    assert.equal(settings?.transport, 'sctp')
    assert.equal(settings?.links[0]?.port, 2905)
    assert.equal(settings?.subsystem, 8)
    assert.equal(settings?.segmentation, false)
    assert.deepEqual(problems({}), [])
  })

  test('Q.704 §14.2: point codes are 3-8-3 bits or one number, and nothing else', () => {
    assert.equal(pointCodeOf('1.1.1'), 2057)
    assert.equal(pointCodeOf('2058'), 2058)
    assert.equal(pointCodeOf('7.255.7'), 0x3fff)
    for (const text of ['0', '16384', '1.256.1', '0.0.0']) assert.throws(() => pointCodeOf(text), RangeError)
    assert.throws(() => load({ ...LEAST, destinations: ['1.1.8'] }))
    assert.throws(() => load({ ...LEAST, destinations: ['1.1'] }))
  })

  test('what the schema cannot see is told with its place', () => {
    assert.match(problems({}, 1).join(), /sigtran.instances: .*ordinal 1/)
    assert.match(problems({ destinations: ['99999'] }).join(), /sigtran.destinations.0: .*14 bits/)
    assert.match(problems({ destinations: [] }).join(), /no way to any node/)
    assert.match(problems({ transport: 'ipa' }).join(), /unitName: must be set/)
    assert.match(problems({ links: [LEAST.links[0], LEAST.links[0]] }).join(), /a name twice/)
    const twoHosts = { links: [{ name: 'stp', hosts: ['192.0.2.1', '192.0.2.2'] }] }
    assert.match(problems({ ...twoHosts, transport: 'tcp' }).join(), /needs SCTP/)
    assert.deepEqual(problems(twoHosts), [])
    const translations = [{ prefix: '4477', destinations: ['1.1.2'] }]
    assert.deepEqual(problems({ destinations: [], translations }), [])
  })
})
