import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '@ipsmgw/config'
import Type from 'typebox'
import { checkSipIngress, sipIngressSections } from './config.ts'

interface Case {
  readonly sip?: object
  readonly peer?: object
  readonly policy?: string
  /** Known to a process that delivers. */
  readonly firstPartMs?: number
}

function problemsWith({ sip = {}, peer = {}, policy = '', firstPartMs }: Case): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-clocks-'))
  const file = join(folder, 'policy.yaml')
  writeFileSync(file, policy === '' ? '{}' : policy)
  try {
    const peers = [{ name: 'hasty', addresses: ['192.0.2.1'], ...peer }]
    const base = { sip: { peers, ...sip }, policy: { file } }
    const { config } = loadConfig(Type.Object(sipIngressSections), { environment: {}, base })
    const problems = checkSipIngress(config, firstPartMs === undefined ? {} : { firstPartMs })
    return problems.map(({ path, message }) => `${path}: ${message}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const NO_RESERVE =
  /^sip\.peers: answerByMs of peer hasty is (1500|2000), and 2000 of it are kept for the answer: nothing would be sent/

test('two clocks: an answerBy that is all reserve is refused by every process that takes SIP, early answer or not', () => {
  for (const peer of [
    { answerByMs: 1_500 },
    { answerByMs: 2_000 },
    { answerByMs: 2_000, earlyAnswerMs: 500 },
  ])
    for (const delivery of [{}, { firstPartMs: 1_000 }]) {
      const [problem, ...others] = problemsWith({ peer, ...delivery })
      assert.match(problem ?? '', NO_RESERVE)
      assert.deepEqual(others, [])
    }
  assert.match(problemsWith({ sip: { answerByMs: 2_000 } }).join(), NO_RESERVE)
  assert.deepEqual(problemsWith({ sip: { answerByMs: 2_000 }, peer: { answerByMs: 2_001 } }), [])
})

test('two clocks: an answerBy that no first part fits in is refused where firstPartMs is known, with what to set instead', () => {
  const peer = { answerByMs: 5_000 }
  assert.match(
    problemsWith({ peer, firstPartMs: 6_000 }).join(),
    /^sip\.peers: .*peer hasty is 5000.*expects 6000.*nothing would be sent.*earlyAnswerMs/,
  )
  assert.deepEqual(problemsWith({ peer }), [])
  assert.deepEqual(problemsWith({ peer: { answerByMs: 6_001 }, firstPartMs: 6_000 }), [])
})

test('two clocks: with an early answer, of the peer, its profile or the policy, a short answerBy may stand', () => {
  const short = { answerByMs: 5_000 }
  const firstPartMs = 6_000
  const early = 'answer: {earlyAnswerMs: 3000}'
  assert.deepEqual(problemsWith({ peer: { ...short, earlyAnswerMs: 3_000 }, firstPartMs }), [])
  assert.deepEqual(problemsWith({ peer: short, policy: early, firstPartMs }), [])
  const policy = `profiles: {quick: {${early}}}`
  assert.deepEqual(problemsWith({ peer: { ...short, profile: 'quick' }, policy, firstPartMs }), [])
  assert.equal(problemsWith({ peer: short, policy, firstPartMs }).length, 1)
})

test('two clocks: every peer with such a clock is named at once', () => {
  const peer = (name: string, answerByMs: number) => ({ name, addresses: ['192.0.2.1'], answerByMs })
  const sip = { peers: [peer('first', 1_000), peer('well', 25_000), peer('second', 2_000)] }
  assert.deepEqual(
    problemsWith({ sip }).map((problem) => /peer (\w+)/.exec(problem)?.[1]),
    ['first', 'second'],
  )
})
