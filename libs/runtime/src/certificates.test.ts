import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createRegistry } from '@ipsmgw/telemetry'
import { certificateFilesOf, watchCertificates } from './certificates.ts'

const DAY_SECONDS = 86_400

/** A self-signed certificate of OpenSSL that is good for so many days. */
function certificate(folder: string, name: string, days: number): string {
  const file = join(folder, name)
  const subject = ['-subj', `/CN=${name}`, '-days', String(days), '-keyout', `${file}.key`, '-out', file]
  const { status, stderr } = spawnSync('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    ...subject,
  ])
  assert.equal(status, 0, stderr.toString())
  return file
}

/** Seconds left by file, as a scrape tells them. */
async function told(registry: ReturnType<typeof createRegistry>): Promise<Map<string, number>> {
  const lines = (await registry.metrics()).matchAll(
    /^ipsmgw_certificate_expiry_seconds\{file="([^"]+)".*\} (\S+)$/gm,
  )
  return new Map([...lines].map(([, file = '', value]) => [file, Number(value)]))
}

describe('certificates', () => {
  test('every setting that names certificates is found, in lists too, and each file once', () => {
    const config = {
      sip: { tls: { certificateFile: '/a', keyFile: '/a.key', authoritiesFile: '/ca' } },
      kafka: { caFile: '/ca', brokers: ['x'] },
      diameter: { peers: [{ tls: { certificateFile: '/b' } }, { host: 'h' }] },
    }
    assert.deepEqual(certificateFilesOf(config), ['/a', '/ca', '/b'])
  })

  test('the first to expire counts; renewal is seen; what cannot be read has no time left', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-certificates-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const [short, long] = [certificate(folder, 'short', 10), certificate(folder, 'long', 100)]
    const both = join(folder, 'both')
    writeFileSync(both, readFileSync(long, 'utf8') + readFileSync(short, 'utf8'))
    const missing = join(folder, 'missing')
    const registry = createRegistry('test', '0')
    watchCertificates(registry, [short, long, both, missing], Date.now)
    const days = async (file: string) => Math.round(((await told(registry)).get(file) ?? -1) / DAY_SECONDS)
    assert.deepEqual([await days(short), await days(long), await days(both)], [10, 100, 10])
    assert.equal((await told(registry)).get(missing), 0)
    writeFileSync(short, readFileSync(long))
    utimesSync(short, new Date(), new Date(Date.now() + 5_000))
    assert.equal(await days(short), 100)
  })
})
