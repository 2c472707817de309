import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ipsmgw } from './testing/command.ts'

const vectorFile = (name: string) => fileURLToPath(new URL(`../../../test/vectors/${name}`, import.meta.url))
const read = (name: string) => JSON.parse(readFileSync(vectorFile(name), 'utf8'))

const diameter = read('diameter-vectors.json').vectors as { name: string; hex: string }[]
const tfr = diameter.find(({ name }) => name === 'tfr')?.hex ?? assert.fail('no TFR vector')
const sms = read('sms-vectors.json').vectors as {
  name: string
  input: { text?: string; scts?: string }
  tpdus: string[]
}[]
const plain = sms.find(({ input, tpdus }) => input.text !== undefined && tpdus.length === 1)
assert.ok(plain)
const [tpdu = '', text = ''] = [plain.tpdus[0], plain.input.text]

describe('ipsmgw decode', () => {
  test('sms: a TPDU as a tree, as JSON, from hex as people paste it', async () => {
    const tree = await ipsmgw(['decode', 'sms', `0x${tpdu.toUpperCase().replace(/..\B/g, '$& ')}`])
    assert.equal(tree.code, 0, tree.complaint)
    assert.ok(tree.output.includes(`text: ${JSON.stringify(text)}`), tree.output)
    const json = await ipsmgw(['decode', 'sms', '--json', tpdu])
    assert.equal(JSON.parse(json.output).userData.content.text, text)
  })

  test('diameter: the AVPs of the TFR vector under their names, from standard input', async () => {
    const { code, output } = await ipsmgw(['decode', 'diameter', '-', '--json'], tfr)
    assert.equal(code, 0)
    const message = JSON.parse(output)
    assert.match(message.command, /MT-Forward-Short-Message/)
    assert.equal(message.avps['User-Name'], '001010000000042')
    assert.equal(message.avps['SC-Address'], '15550009000')
  })

  test('sip and cpim: a message from a file, header by header; its body as CPIM', async () => {
    const sip = await ipsmgw(['decode', 'sip', '--json', vectorFile('cpm-pager-message.sip')])
    assert.equal(sip.code, 0, sip.complaint)
    const { method, headers, body } = JSON.parse(sip.output)
    assert.equal(method, 'MESSAGE')
    assert.ok(headers.includes('CSeq: 100 MESSAGE'))
    const cpim = await ipsmgw(['decode', 'cpim', '-'], body)
    assert.equal(cpim.code, 0, cpim.complaint)
    assert.match(cpim.output, /ec1d7cf0-f7cd-1038-908d-8b757c563a3f/)
  })

  test('a wrong octet is named with field and offset, and shown among its neighbours', async () => {
    const cut = await ipsmgw(['decode', 'sms', tpdu.slice(0, 20)])
    assert.equal(cut.code, 1)
    assert.match(cut.complaint, /^SMS: underflow at octet \d+ in TP-/)
    assert.match(cut.complaint, /\[end\]/)
    const version = await ipsmgw(['decode', 'diameter', `02${tfr.slice(2)}`])
    assert.equal(version.code, 1)
    assert.match(version.complaint, /^Diameter: unsupported at octet 0 in version/)
    assert.match(version.complaint, /\[02\] 00/)
    const sip = await ipsmgw(['decode', 'sip', '-'], 'MESSAGE tel:+1 SIP/2.0\r\nVia\r\n\r\n')
    assert.equal(sip.code, 1)
    assert.match(sip.complaint, /^SIP: invalid at octet \d+/)
    const hex = await ipsmgw(['decode', 'sms', '0g'])
    assert.equal(hex.code, 1)
    assert.match(hex.complaint, /"g" is no hex digit/)
  })
})

describe('ipsmgw', () => {
  test('--help everywhere, exit code 0', async () => {
    for (const words of [['--help'], ['send', '--help'], ['decode', '--help'], ['decode', 'sms', '-h']]) {
      const { code, output } = await ipsmgw(words)
      assert.equal(code, 0, words.join(' '))
      assert.match(output, /ipsmgw/)
    }
  })

  test('words that make no sense: one sentence without a stack, exit code 2', async () => {
    const cases: [string[], RegExp][] = [
      [['sned'], /there is no command "sned"; there are: send, .*decode/],
      [['decode', 'sms', '--jsno', '00'], /Unknown option '--jsno'; --help/],
      [['decode', 'smpp', '00'], /one of sip, cpim, sms/],
      [['decode', 'sms'], /needs hex, a file or -/],
      [['send', '--to', 'bob', '--text', 'x'], /"bob" is neither a number/],
      [['send', '--text', 'x'], /needs --to and --text/],
    ]
    for (const [words, sentence] of cases) {
      const { code, complaint } = await ipsmgw(words)
      assert.equal(code, 2, words.join(' '))
      assert.match(complaint, sentence)
      assert.equal(complaint.trim().split('\n').length, 1)
    }
  })
})
