import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SERVICES = [
  'sip-ingress',
  'im-to-sms',
  'hss-routing',
  'sm-delivery',
  'correlation',
  'records',
  'standalone',
]

/** The settings without a default, as a pod would be given them. */
const NEEDED = {
  IPSMGW_KAFKA_BROKERS: '[kafka.example:9092]',
  IPSMGW_DIAMETER_ORIGIN_HOST: 'gw-{ordinal}.example',
  IPSMGW_DIAMETER_ORIGIN_REALM: 'example',
  IPSMGW_ROUTING_HSS_REALM: 'example',
  IPSMGW_ROUTING_SERVICE_CENTRE: '447700900000',
}

interface Ended {
  readonly code: number
  readonly output: string
  readonly complaint: string
}

function start(service: string, args: string[], environment: Record<string, string>): Promise<Ended> {
  const main = fileURLToPath(new URL(`../../${service}/src/main.ts`, import.meta.url))
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env: environment }, (error, output, complaint) =>
      resolve({ code: error === null ? 0 : Number(error.code), output, complaint }),
    )
  })
}

describe('every service', () => {
  for (const service of SERVICES) {
    test(`${service}: --help lists its settings, --check-config accepts what is complete`, async () => {
      const help = await start(service, ['--help'], {})
      assert.equal(help.code, 0, help.complaint)
      assert.match(help.output, /IPSMGW_HTTP_PORT +HTTP port \[8080\]/)
      const check = await start(service, ['--check-config'], NEEDED)
      assert.equal(check.code, 0, check.complaint)
      assert.match(check.output, new RegExp(`^${service}: the configuration is valid`))
    })

    test(`${service}: --check-config names everything that is wrong at once, exit code 2`, async () => {
      const wrong = { ...NEEDED, IPSMGW_HTTP_PORT: '99999' }
      const { code, complaint } = await start(service, ['--check-config', '--config', '/nowhere.yaml'], wrong)
      assert.equal(code, 2)
      assert.match(complaint, /\/nowhere\.yaml.*cannot be read/)
      const settings = await start(service, ['--check-config'], {
        ...wrong,
        IPSMGW_KAFKA_BROKERS: '[]',
        IPSMGW_DIAMETER_ORIGIN_HOST: '',
      })
      assert.equal(settings.code, 2)
      assert.match(settings.complaint, /http\.port \(IPSMGW_HTTP_PORT\)/)
      const usesKafka = service !== 'standalone'
      assert.equal(/kafka\.brokers \(IPSMGW_KAFKA_BROKERS\)/.test(settings.complaint), usesKafka)
    })
  }

  test('what only use can show is checked as well: addresses, files, causes', async () => {
    const { code, complaint } = await start('standalone', ['--check-config'], {
      ...NEEDED,
      IPSMGW_SIP_PEERS: '[{name: scscf, addresses: [192.0.2.300]}]',
      IPSMGW_POLICY_FILE: '/nowhere/policy.yaml',
      IPSMGW_KEYS_HASH_FILE: '/nowhere/key',
      IPSMGW_CORRELATION_STATUS_BY_CAUSE: '{noSuchCause: 480}',
    })
    assert.equal(code, 2)
    for (const setting of ['sip.peers', 'policy.file', 'keys.hashFile', 'statusByCause.noSuchCause'])
      assert.ok(complaint.includes(setting), `${setting} is not in: ${complaint}`)
  })
})
