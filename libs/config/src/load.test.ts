import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import Type from 'typebox'
import { ConfigError } from './errors.ts'
import { describeSettings, printable } from './help.ts'
import { environmentName, loadConfig } from './load.ts'

const schema = Type.Object(
  {
    sip: Type.Object(
      {
        port: Type.Integer({ minimum: 0, maximum: 65535, default: 5060, description: 'UDP and TCP port' }),
        tryingDelayMs: Type.Integer({ minimum: 0, default: 200 }),
      },
      { additionalProperties: false, default: {} },
    ),
    peers: Type.Array(Type.Object({ name: Type.String() }, { additionalProperties: false }), { default: [] }),
    mode: Type.Enum(['allow', 'deny'], { default: 'allow' }),
    realm: Type.String({ minLength: 1 }),
  },
  { additionalProperties: false },
)

function file(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'config-')), 'c.yaml')
  writeFileSync(path, text)
  return path
}

function problemsOf(text: string, environment: Record<string, string> = {}): string[] {
  try {
    loadConfig(schema, { file: file(text), environment })
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.problems.map((p) => `${p.path} (${p.source}): ${p.message}`)
  }
  return []
}

describe('loadConfig', () => {
  test('fills defaults, and the environment wins over the file', () => {
    const { config } = loadConfig(schema, {
      file: file('realm: a.example\nsip: {port: 5061}\npeers: [{name: x}]'),
      environment: { IPSMGW_SIP_PORT: '5070', IPSMGW_PEERS: '[{name: y}]', PATH: '/bin' },
    })
    assert.deepEqual(config, {
      realm: 'a.example',
      mode: 'allow',
      sip: { port: 5070, tryingDelayMs: 200 },
      peers: [{ name: 'y' }],
    })
  })

  test('reports all problems at once, each with its place and source', () => {
    const problems = problemsOf('sip: {prot: 1}\nmode: maybe\npeers: 7', { IPSMGW_SIP_PORT: '70000' })
    const text = problems.join('\n')
    for (const piece of [
      'realm (missing): must be set',
      'did you mean port?',
      'sip.port (IPSMGW_SIP_PORT)',
      'mode',
      'peers',
    ])
      assert.ok(text.includes(piece), `${piece} not in:\n${text}`)
  })

  test('a file that is missing, or no YAML, or no map is one clear problem', () => {
    assert.throws(() => loadConfig(schema, { file: '/nowhere.yaml', environment: {} }), /cannot be read/)
    assert.match(problemsOf('a: [').join(), /file/)
    assert.match(problemsOf('- a').join(), /must be a map/)
  })

  test('a variable with our prefix that names no setting is reported, not refused', () => {
    const loaded = loadConfig(schema, { environment: { IPSMGW_REALM: 'r', IPSMGW_SIPPORT: '1' } })
    assert.deepEqual(loaded.unknownVariables, ['IPSMGW_SIPPORT'])
  })

  test('variable names follow the path', () => {
    assert.equal(environmentName(['sip', 'tryingDelayMs']), 'IPSMGW_SIP_TRYING_DELAY_MS')
    assert.match(describeSettings(schema), /IPSMGW_SIP_PORT\s+UDP and TCP port \[5060\]/)
  })

  test('secrets are hidden when the configuration is printed', () => {
    assert.deepEqual(printable({ kafka: { password: 'x', user: 'u' } }), {
      kafka: { password: '[hidden]', user: 'u' },
    })
  })
})
