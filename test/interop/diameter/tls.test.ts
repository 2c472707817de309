import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { Application, DiameterNode, type NodeEvent, type TlsCredentials } from '@ipsmgw/diameter'
import { eventually } from '../../support/eventually.ts'

const REALM = 'lab.invalid'
const HSS = 'hss.lab.invalid'
const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-tls-'))

/** Certificate and key of OpenSSL for one name. */
function credentialsOf(name: string): { readonly certificate: string; readonly key: string } {
  const [certificate, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ]
  const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  const { status, stderr } = spawnSync('openssl', [...request, ...names, '-keyout', key, '-out', certificate])
  assert.equal(status, 0, String(stderr))
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }
}

const gateway = credentialsOf('gw.lab.invalid')
const hss = credentialsOf(HSS)
const stranger = credentialsOf('stranger.invalid')

/** Both sides as given; resolves to how the gateway sees its peer in the end. */
async function meet(client: TlsCredentials, server: TlsCredentials): Promise<NodeEvent['kind']> {
  const node = new DiameterNode({
    originHost: HSS,
    originRealm: REALM,
    applications: [Application.S6C],
    listeners: [{ host: '127.0.0.1', port: 0, tls: server }],
    unknownPeers: 'accept',
  })
  node.handle('SRR', () => ({ 'Result-Code': 2001 }))
  await node.start()
  const port = node.addresses()[0]?.port ?? 0
  const events: NodeEvent[] = []
  const peers = [{ identity: HSS, host: '127.0.0.1', port, realms: [REALM], tls: client }]
  const gw = new DiameterNode(
    { originHost: 'gw.lab.invalid', originRealm: REALM, applications: [Application.S6C], peers },
    { onEvent: (event) => events.push(event) },
  )
  try {
    await gw.start()
    const first = await eventually(() => events[0], 'the peer is up, or it is not')
    if (first.kind !== 'peerUp') return first.kind
    const outcome = await gw.send(
      'SRR',
      { 'Destination-Realm': REALM, MSISDN: '15550001042' },
      { timeoutMs: 2_000 },
    )
    assert.equal(outcome.kind === 'answer' && outcome.result.code, 2001)
    return first.kind
  } finally {
    await gw.stop()
    await node.stop()
  }
}

describe('RFC 6733 §13.1: TLS before the capabilities are exchanged', () => {
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('two sides that know each other’s authority exchange requests', async () => {
    const client = { ...gateway, authorities: hss.certificate }
    assert.equal(await meet(client, { ...hss, authorities: gateway.certificate }), 'peerUp')
  })

  test('§13.3: a peer whose certificate names somebody else is not spoken to', async () => {
    const client = { ...gateway, authorities: stranger.certificate }
    assert.notEqual(await meet(client, { ...stranger, authorities: gateway.certificate }), 'peerUp')
  })

  test('a gateway whose authority the peer does not know is turned away', async () => {
    const client = { ...stranger, authorities: hss.certificate }
    assert.notEqual(await meet(client, { ...hss, authorities: gateway.certificate }), 'peerUp')
  })
})
