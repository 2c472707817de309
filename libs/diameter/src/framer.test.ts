import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DecodeError } from '@ipsmgw/bytes'
import { encodeDiameter } from './codec.ts'
import { DiameterFramer } from './framer.ts'

class Sink {
  readonly messages: string[] = []
  readonly errors: DecodeError[] = []

  message(octets: Buffer): void {
    this.messages.push(octets.toString('hex'))
  }

  lost(error: DecodeError): void {
    this.errors.push(error)
  }
}

/** A message of 20 octets and one AVP with this payload. */
function message(payload: number): Buffer {
  return encodeDiameter({
    request: true,
    proxiable: false,
    error: false,
    retransmitted: false,
    commandCode: 280,
    applicationId: 0,
    hopByHopId: payload,
    endToEndId: 2,
    avps: [{ code: 1, vendorId: 0, mandatory: true, data: Buffer.alloc(payload, 7) }],
  })
}

const STREAM = [message(1), message(40), message(0), message(300)]
const HEX = STREAM.map((octets) => octets.toString('hex'))

describe('Messages in a stream', () => {
  for (const size of [1, 3, 4, 19, 20, 21, 64, 10_000])
    test(`RFC 6733 §2.1: chunks of ${size} octets give the same messages`, () => {
      const sink = new Sink()
      const framer = new DiameterFramer(sink)
      const octets = Buffer.concat(STREAM)
      for (let at = 0; at < octets.length; at += size) framer.push(octets.subarray(at, at + size))
      assert.deepEqual(sink.messages, HEX)
      assert.equal(framer.incomplete, false)
    })

  test('RFC 6733 §2.1: a part of a message waits for its rest', () => {
    const sink = new Sink()
    const framer = new DiameterFramer(sink)
    framer.push(Buffer.concat([message(1), message(40).subarray(0, 30)]))
    assert.equal(sink.messages.length, 1)
    assert.equal(framer.incomplete, true)
    framer.push(message(40).subarray(30))
    assert.deepEqual(sink.messages, HEX.slice(0, 2))
  })

  test('RFC 6733 §7.1.5: an undecodable message between good ones is passed over whole', () => {
    const sink = new Sink()
    const broken = message(4)
    broken.writeUIntBE(3, 25, 3)
    new DiameterFramer(sink).push(Buffer.concat([message(1), broken, message(40)]))
    assert.deepEqual(sink.messages, [HEX[0], broken.toString('hex'), HEX[1]])
  })

  const hostile: [name: string, patch: (octets: Buffer) => void, path: string][] = [
    ['version 2', (octets) => octets.writeUInt8(2, 0), 'version'],
    ['version 0', (octets) => octets.writeUInt8(0, 0), 'version'],
    ['length 0', (octets) => octets.writeUIntBE(0, 1, 3), 'length'],
    ['length 16, below the header', (octets) => octets.writeUIntBE(16, 1, 3), 'length'],
    ['length 22, no multiple of 4', (octets) => octets.writeUIntBE(22, 1, 3), 'length'],
    ['length 65540, above the maximum', (octets) => octets.writeUIntBE(65_540, 1, 3), 'length'],
    ['length 16777212', (octets) => octets.writeUIntBE(16_777_212, 1, 3), 'length'],
  ]
  for (const [name, patch, path] of hostile)
    test(`RFC 6733 §3: ${name} loses the framing once, and nothing behind it is read`, () => {
      const sink = new Sink()
      const framer = new DiameterFramer(sink)
      const bad = message(1)
      patch(bad)
      framer.push(Buffer.concat([message(40), bad, message(1)]))
      framer.push(message(1))
      assert.deepEqual(sink.messages, [HEX[1]])
      assert.deepEqual(
        sink.errors.map((error) => error.path),
        [path],
      )
      assert.equal(framer.incomplete, false)
    })

  test('RFC 6733 §3: the longest message allowed passes, whole', () => {
    const sink = new Sink()
    const longest = message(65_536 - 28)
    assert.equal(longest.length, 65_536)
    const framer = new DiameterFramer(sink)
    for (let at = 0; at < longest.length; at += 1_460) framer.push(longest.subarray(at, at + 1_460))
    assert.deepEqual(sink.messages, [longest.toString('hex')])
  })

  test('RFC 6733 §2.1: closing while a message is handled stops at once', () => {
    let count = 0
    const framer: DiameterFramer = new DiameterFramer({
      message() {
        count++
        framer.close()
      },
      lost: () => assert.fail('not lost'),
    })
    framer.push(Buffer.concat(STREAM))
    assert.equal(count, 1)
  })
})
