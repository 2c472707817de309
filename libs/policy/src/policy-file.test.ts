import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createLogger } from '@ipsmgw/telemetry'
import { PolicyFile } from './policy-file.ts'

describe('policy file', () => {
  const logger = createLogger({ service: 'test', level: 'silent' })

  function document(t: { after(fn: () => void): void }, text: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-policy-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const path = join(folder, 'policy.yaml')
    writeFileSync(path, text)
    return path
  }

  test('a changed document replaces the policy as a whole', (t) => {
    const path = document(t, 'version: "1"\nanonymity: {mode: allow}')
    const policy = new PolicyFile(path, logger)
    assert.equal(policy.current().anonymity.mode, 'allow')
    writeFileSync(path, 'version: "2"')
    policy.reload()
    assert.equal(policy.current().version, '2')
    assert.equal(policy.current().anonymity.mode, 'prohibit')
  })

  test('a changed document that is wrong is refused, the old policy stays in force', (t) => {
    const path = document(t, 'version: "1"')
    const policy = new PolicyFile(path, logger)
    const before = policy.current()
    writeFileSync(path, 'version: "2"\nanonymity: {mode: perhaps}')
    policy.reload()
    assert.equal(policy.current(), before)
  })

  test('without a document the defaults hold, a missing one is an error at the start', () => {
    assert.equal(new PolicyFile('', logger).current().anonymity.mode, 'prohibit')
    assert.throws(() => new PolicyFile('/nowhere/policy.yaml', logger), /cannot be read/)
  })
})
