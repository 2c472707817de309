import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { refusalOf } from './refusal.ts'

const settings = { brokers: ['kafka.lab.invalid:9093'], tls: true }

/** As the library wraps it. */
function wrapped(message: string, fault: object): Error {
  return new Error(message, { cause: Object.assign(new Error(message), fault) })
}

describe('kafka.md: why the brokers do not serve us', () => {
  test('the octets of a certificate alert become its words, always the same', () => {
    const alert = (address: string) =>
      refusalOf(
        wrapped(
          `Connection error: ${address}:error:0A000412:SSL routines:ssl3_read_bytes:ssl/tls alert bad certificate:../deps/openssl/x.c:918:SSL alert number 42\n`,
          { code: 'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE' },
        ),
        settings,
      )
    assert.equal(
      alert('402D0EA7637F0000'),
      'no Kafka broker serves us at kafka.lab.invalid:9093: Connection error: ssl/tls alert bad certificate (the brokers ask for a certificate: set kafka.certificateFile and kafka.keyFile)',
    )
    assert.equal(alert('402D0EA7637F0000'), alert('7F0123456789ABCD'))
  })

  test('a fault without a known cause has no hint', () => {
    assert.equal(
      refusalOf(new Error('Connection timeout'), settings),
      'no Kafka broker serves us at kafka.lab.invalid:9093: Connection timeout',
    )
  })

  test('causes that point at themselves end', () => {
    const error = new Error('round')
    error.cause = error
    assert.match(refusalOf(error, settings), /round$/)
  })
})
