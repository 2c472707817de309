import assert from 'node:assert/strict'
import { test } from 'node:test'
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
