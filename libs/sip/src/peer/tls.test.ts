import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { selfSigned } from '../testing/certificate.ts'
import { Harness } from '../testing/harness.ts'

const SERVER = selfSigned('gateway.ims.example')
const CLIENT = selfSigned('scscf1.ims.example')

const server = {
  listeners: [
    {
      transport: 'tls',
      host: '127.0.0.1',
      port: 0,
      tls: { ...SERVER, ca: CLIENT.cert, requestCert: true, rejectUnauthorized: true },
    },
  ],
} as const

const MESSAGE = { method: 'MESSAGE', uri: 'sip:+447900123456@ims.example', body: 'hello' }

test('RFC 3261 §26.2 mutual TLS: the request is served and the peer is known by its certificate', () =>
  Harness.run(
    (us) =>
      Harness.run(async (gateway) => {
        const { port } = gateway.address('tls')
        const pending = us.endpoint.request({
          ...MESSAGE,
          destination: { transport: 'tls', host: '127.0.0.1', port },
        })
        const request = await gateway.request()
        assert.deepEqual(request.source.tlsNames, ['scscf1.ims.example'])
        assert.equal(request.message.topVia.transport, 'TLS')
        request.respond(200)
        const outcome = await pending
        assert.ok(outcome.kind === 'response' && outcome.response.status === 200)
      }, server),
    { tlsClient: { ...CLIENT, ca: SERVER.cert, checkServerIdentity: () => undefined } },
  ))

test('RFC 3261 §26.2 mutual TLS: a peer without a certificate gets no service', () =>
  Harness.run(
    (us) =>
      Harness.run(async (gateway) => {
        const { port } = gateway.address('tls')
        const outcome = await us.endpoint.request({
          ...MESSAGE,
          destination: { transport: 'tls', host: '127.0.0.1', port },
        })
        assert.equal(outcome.kind, 'transportError')
        assert.equal(gateway.requests.length, 0)
      }, server),
    { tlsClient: { ca: SERVER.cert, checkServerIdentity: () => undefined } },
  ))

test('RFC 3261 §26.2 a server whose certificate is not trusted gets no request', () =>
  Harness.run(
    (us) =>
      Harness.run(async (gateway) => {
        const { port } = gateway.address('tls')
        const outcome = await us.endpoint.request({
          ...MESSAGE,
          destination: { transport: 'tls', host: '127.0.0.1', port },
        })
        assert.equal(outcome.kind, 'transportError')
        assert.equal(gateway.requests.length, 0)
      }, server),
    { tlsClient: CLIENT },
  ))

test('RFC 3261 §26.2 a renewed certificate meets new connections, those that are open go on', () =>
  Harness.run(async (gateway) => {
    const { port } = gateway.address('tls')
    const meet = async (): Promise<TLSSocket> => {
      const socket = connect({ ...CLIENT, host: '127.0.0.1', port, rejectUnauthorized: false })
      await once(socket, 'secureConnect')
      return socket
    }
    const renewed = selfSigned('gateway.ims.example')
    const before = await meet()
    gateway.endpoint.renewTls({ ...renewed, ca: CLIENT.cert })
    const after = await meet()
    const fingerprint = (pem: string) => new X509Certificate(pem).fingerprint256
    assert.equal(before.getPeerCertificate().fingerprint256, fingerprint(SERVER.cert))
    assert.equal(after.getPeerCertificate().fingerprint256, fingerprint(renewed.cert))
    assert.ok(!before.destroyed)
    assert.throws(() => gateway.endpoint.renewTls({ cert: 'no certificate' }))
    const later = await meet()
    assert.equal(later.getPeerCertificate().fingerprint256, fingerprint(renewed.cert))
    for (const socket of [before, after, later]) socket.destroy()
  }, server))
