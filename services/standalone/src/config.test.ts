import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '@ipsmgw/config'
import { checkStandalone, standaloneSchema } from './config.ts'

const NEIGHBOURS = {
  diameter: { originHost: 'gw.example', originRealm: 'example' },
  routing: { hssRealm: 'example', serviceCentre: '447700900000' },
}

const problemsWith = (peer: object) => {
  const base = { ...NEIGHBOURS, sip: { peers: [{ name: 'hasty', addresses: ['192.0.2.1'], ...peer }] } }
  const { config } = loadConfig(standaloneSchema, { environment: {}, base })
  return checkStandalone(config).map(({ message }) => message)
}

test('two clocks: an answerBy that no first part fits in is refused with what to set instead', () => {
  assert.match(
    problemsWith({ answerByMs: 5_000 }).join(),
    /peer hasty is 5000.*nothing would be sent.*earlyAnswerMs/,
  )
  assert.deepEqual(problemsWith({ answerByMs: 8_000 }), [])
  assert.deepEqual(problemsWith({ answerByMs: 5_000, earlyAnswerMs: 3_000 }), [])
})
