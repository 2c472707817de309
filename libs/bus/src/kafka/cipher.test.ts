import assert from 'node:assert/strict'
import { createDecipheriv, hkdfSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { PayloadCipher } from './cipher.ts'

const [first, second] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const text = Buffer.from('{"text":"hello"}')

describe('design Personal data: payloads under AES-256-GCM', () => {
  test('what one process seals another opens', () => {
    const sealed = new PayloadCipher([first]).seal('im.received', text)
    assert.ok(!sealed.includes('hello'))
    assert.deepEqual(new PayloadCipher([first]).open('im.received', sealed), text)
  })

  test('the wire form is the documented one, by node:crypto alone', () => {
    const sealed = new PayloadCipher([first]).seal('im.received', text)
    const [head, salt] = [sealed.subarray(0, 29), sealed.subarray(5, 21)]
    const key = Buffer.from(hkdfSync('sha256', first, salt, 'ipsmgw payload', 32))
    const nonce = Buffer.concat([Buffer.alloc(4), sealed.subarray(21, 29)])
    const decipher = createDecipheriv('aes-256-gcm', key, nonce)
    decipher.setAAD(Buffer.concat([head, Buffer.from('im.received')]))
    decipher.setAuthTag(sealed.subarray(-16))
    assert.deepEqual(Buffer.concat([decipher.update(sealed.subarray(29, -16)), decipher.final()]), text)
  })

  test('keys rotate: the new one seals, the old one still opens', () => {
    const old = new PayloadCipher([first])
    const both = new PayloadCipher([second, first])
    assert.deepEqual(both.open('t', old.seal('t', text)), text)
    assert.throws(() => old.open('t', both.seal('t', text)), { name: 'BusError', code: 'unreadable' })
  })

  test('a plain payload is read, so that sealing can be switched on while records flow', () => {
    assert.equal(new PayloadCipher([first]).open('t', text), text)
  })

  test('a changed octet, another topic and a cut are refused', () => {
    const cipher = new PayloadCipher([first])
    const sealed = cipher.seal('t', text)
    const refused = { name: 'BusError', code: 'unreadable' }
    for (let at = 1; at < sealed.length; at++) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] as number) ^ 1
      assert.throws(() => cipher.open('t', changed), refused, `octet ${at}`)
      assert.throws(() => cipher.open('t', sealed.subarray(0, at)), refused, `cut at ${at}`)
    }
    assert.throws(() => cipher.open('u', sealed), refused)
  })

  test('no nonce comes twice', () => {
    const cipher = new PayloadCipher([first])
    const seen = new Set(Array.from({ length: 1_000 }, () => cipher.seal('t', text).toString('hex', 0, 29)))
    assert.equal(seen.size, 1_000)
  })

  test('a key of another length is refused', () => {
    assert.throws(() => new PayloadCipher([Buffer.alloc(16)]), RangeError)
  })
})
