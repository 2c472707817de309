import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { Phones } from './phones.ts'

interface Vector {
  readonly id: string
  readonly kind: string
  readonly input: { readonly text?: string; readonly oa?: { readonly digits?: string } }
  readonly tpdus: readonly string[]
}

const { vectors } = JSON.parse(
  readFileSync(new URL('../../vectors/sms-vectors.json', import.meta.url), 'utf8'),
) as { vectors: Vector[] }
const delivers = vectors.filter(({ kind, input }) => kind === 'SMS-DELIVER' && input.text !== undefined)

describe('phones of the lab', () => {
  test('every SMS-DELIVER vector, parts in reverse order, is one message with its text and octets', () => {
    assert.ok(delivers.length > 30)
    for (const { id, input, tpdus } of delivers) {
      const phones = new Phones(10)
      for (const tpdu of tpdus.toReversed())
        assert.equal(phones.receive('447900123456', Buffer.from(tpdu, 'hex')).kind, 'taken', id)
      const messages = phones.messagesOf('447900123456')
      assert.deepEqual(
        messages.map(({ text, parts, tpdus }) => ({ text, parts, tpdus })),
        [{ text: input.text, parts: tpdus.length, tpdus }],
        id,
      )
    }
  })

  test('an international originator is shown with +', () => {
    const hello = delivers.find(({ id }) => id === 'gsm7-hello')
    const phones = new Phones(10)
    phones.receive('447900123456', Buffer.from(hello?.tpdus[0] ?? '', 'hex'))
    assert.equal(phones.messagesOf('447900123456')[0]?.originator, `+${hello?.input.oa?.digits}`)
  })

  test('octets that are no SMS-DELIVER are refused, and nothing is kept', () => {
    const phones = new Phones(10)
    assert.equal(phones.receive('447900123456', Buffer.from('0400', 'hex')).kind, 'refused')
    assert.deepEqual(phones.messagesOf('447900123456'), [])
  })

  test('phones that only got parts of messages are bounded as well', () => {
    const long = delivers.find(({ tpdus }) => tpdus.length === 3)
    const [first = '', ...rest] = long?.tpdus ?? []
    const phones = new Phones(2)
    const [forgotten = '', ...kept] = ['447900000001', '447900000002', '447900000003']
    for (const number of [forgotten, ...kept]) phones.receive(number, Buffer.from(first, 'hex'))
    const finish = (number: string) => {
      for (const part of rest) phones.receive(number, Buffer.from(part, 'hex'))
      return phones.messagesOf(number).length
    }
    assert.deepEqual(kept.map(finish), [1, 1])
    assert.equal(finish(forgotten), 0)
  })

  test('above the bound the phone that was quiet longest loses its oldest message', () => {
    const phones = new Phones(2)
    const tpdu = Buffer.from(delivers[0]?.tpdus[0] ?? '', 'hex')
    for (const number of ['447900000001', '447900000002', '447900000001', '447900000003'])
      phones.receive(number, tpdu)
    const counts = ['447900000001', '447900000002', '447900000003'].map((n) => phones.messagesOf(n).length)
    assert.deepEqual(counts, [1, 0, 1])
  })
})
