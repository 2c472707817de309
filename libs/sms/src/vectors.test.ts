import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DecodeError, fromHex, toHex } from '@ipsmgw/bytes'
import {
  type Address,
  decodeDeliver,
  decodeDeliverReport,
  encodeDeliver,
  encodeDeliverMessage,
  encodeDeliverReport,
  formatServiceCentreTime,
  interpretHeader,
  type Language,
  prepareText,
  Reassembler,
  type SmsDeliver,
  type TypeOfNumber,
} from './index.ts'

interface DeliverVector {
  readonly id: string
  readonly description: string
  readonly kind: 'SMS-DELIVER'
  readonly input: {
    readonly text?: string
    readonly dataHex?: string
    readonly encoding: 'gsm7' | 'ucs2' | 'data'
    readonly lockingShift: Language
    readonly singleShift: Language
    readonly oa: { ton?: TypeOfNumber; npi?: number; digits?: string; alphanumeric?: string }
    readonly pid: number
    readonly dcs: number
    readonly scts: string
    readonly replyPath: boolean
    readonly statusReportIndication: boolean
    readonly loopPrevention: boolean
    readonly moreMessagesAfterLast?: boolean
    readonly concat?: { bits: 8 | 16; ref: number; total: number }
    readonly ports?: { bits: 8 | 16; dest: number; orig: number }
  }
  readonly expect: { readonly parts: readonly { units: number; moreMessages: boolean; udl: number }[] }
  readonly tpdus: readonly string[]
}

interface ReportVector {
  readonly id: string
  readonly description: string
  readonly kind: 'SMS-DELIVER-REPORT (ack)' | 'SMS-DELIVER-REPORT (error)'
  readonly expect: { pi: number; fcs?: number; pid?: number; dcs?: number; text?: string; dataHex?: string }
  readonly tpdus: readonly [string]
}

interface ChoiceCase {
  readonly id: string
  readonly text: string
  readonly enabledLanguages: readonly Language[]
  readonly concatRefBits: 8 | 16
  readonly expect: { encoding: 'gsm7' | 'ucs2'; locking: Language; single: Language; parts: number }
}

const FILE = new URL('../../../test/vectors/sms-vectors.json', import.meta.url)
const { vectors, encodingChoice } = JSON.parse(readFileSync(FILE, 'utf8')) as {
  vectors: readonly (DeliverVector | ReportVector)[]
  encodingChoice: { cases: readonly ChoiceCase[] }
}

const delivers = vectors.filter((vector): vector is DeliverVector => vector.kind === 'SMS-DELIVER')
const reports = vectors.filter((vector): vector is ReportVector => vector.kind !== 'SMS-DELIVER')

test('the vector file holds deliver, report and choice cases', () => {
  assert.equal(delivers.length + reports.length, vectors.length)
  assert.ok(delivers.length >= 80 && reports.length >= 10 && encodingChoice.cases.length >= 19)
})

for (const vector of delivers) {
  test(`TS 23.040 §9.2.2.1 encode ${vector.id}: ${vector.description}`, () => {
    const { input } = vector
    const result = encodeDeliverMessage({
      content: input.text ?? fromHex(input.dataHex ?? ''),
      originator: addressOf(input.oa),
      serviceCentreTime: timeOf(input.scts),
      pid: input.pid,
      dcs: input.dcs,
      replyPath: input.replyPath,
      statusReportIndication: input.statusReportIndication,
      loopPrevention: input.loopPrevention,
      moreMessagesAfterLast: input.moreMessagesAfterLast ?? false,
      reference: { bits: input.concat?.bits ?? 8, value: input.concat?.ref ?? 0 },
      maxParts: 255,
      ...(input.ports && { ports: portsOf(input.ports) }),
      ...(input.encoding !== 'data' && {
        encoding:
          input.encoding === 'ucs2'
            ? { alphabet: 'ucs2' as const }
            : { alphabet: 'gsm7' as const, locking: input.lockingShift, single: input.singleShift },
      }),
    })
    assert.ok(result.ok)
    assert.deepEqual(result.tpdus.map(toHex), vector.tpdus)
  })

  test(`TS 23.040 §9.2.2.1 decode ${vector.id}`, () => {
    const { input } = vector
    const parts = vector.tpdus.map((hex) => decodeDeliver(fromHex(hex)))
    assert.equal(joined(parts), input.text ?? input.dataHex)
    for (const [index, part] of parts.entries()) {
      const expected = vector.expect.parts[index]
      assert.deepEqual(part.originator, addressOf(input.oa))
      assert.equal(formatServiceCentreTime(part.serviceCentreTime), input.scts)
      assert.equal(part.pid, input.pid)
      assert.equal(part.dcs, input.dcs)
      assert.equal(part.replyPath, input.replyPath)
      assert.equal(part.statusReportIndication, input.statusReportIndication)
      assert.equal(part.loopPrevention, input.loopPrevention)
      assert.equal(part.moreMessages, expected?.moreMessages)
      assert.equal(part.userData.content.alphabet, input.encoding)
      assert.equal(unitsOf(part), expected?.units)
      const reading = interpretHeader(part.userData.header)
      assert.equal(reading.lockingShift, input.lockingShift)
      assert.equal(reading.singleShift, input.singleShift)
      assert.deepEqual(reading.ports, input.ports && portsOf(input.ports))
      assert.deepEqual(
        reading.concatenation,
        input.concat && {
          bits: input.concat.bits,
          reference: input.concat.ref,
          total: input.concat.total,
          sequence: index + 1,
        },
      )
    }
  })

  test(`TS 23.040 §9.2.2.1 ${vector.id}: re-encoding a decoded part gives its octets, from septets and from text`, () => {
    for (const hex of vector.tpdus) {
      const decoded = decodeDeliver(fromHex(hex))
      assert.equal(toHex(encodeDeliver(decoded)), hex)
      assert.equal(toHex(encodeDeliver(withoutSeptets(decoded))), hex)
    }
  })

  test(`TS 23.040 §9.2.2.1 ${vector.id}: every truncation and a trailing octet is a DecodeError`, () => {
    for (const hex of vector.tpdus) {
      const octets = fromHex(hex)
      for (let length = 0; length < octets.length; length++)
        assert.throws(() => decodeDeliver(octets.subarray(0, length)), DecodeError, `${length} octets`)
      assert.throws(() => decodeDeliver(Buffer.concat([octets, Buffer.of(0)])), { reason: 'trailing' })
    }
  })

  test(`TS 23.040 §9.2.3.24.1 ${vector.id}: a phone puts the parts together in any order`, () => {
    const parts = vector.tpdus.map((hex) => decodeDeliver(fromHex(hex))).reverse()
    const reassembler = new Reassembler({ timeLimitMs: 1000, maxMessages: 2 }, { now: () => 0 })
    const results = parts.map((part) => reassembler.add(part))
    const last = results.at(-1)
    assert.ok(last?.kind === 'complete')
    const { content } = last
    assert.equal(
      content.kind === 'text' ? content.text : toHex(content.octets),
      vector.input.text ?? vector.input.dataHex,
    )
    assert.ok(results.slice(0, -1).every(({ kind }) => kind === 'incomplete'))
  })
}

for (const vector of reports) {
  const form = vector.kind === 'SMS-DELIVER-REPORT (ack)' ? 'ack' : 'error'
  test(`TS 23.040 §9.2.2.1a ${vector.id}: ${vector.description}`, () => {
    const { expect } = vector
    const octets = fromHex(vector.tpdus[0])
    for (const given of [form, undefined] as const) {
      const report = decodeDeliverReport(octets, given)
      assert.equal(report.form, form)
      assert.equal(report.failureCause, expect.fcs)
      assert.equal(report.pid, expect.pid)
      assert.equal(report.dcs, expect.dcs)
      const content = report.userData?.content
      const text = content?.alphabet === 'data' ? toHex(content.octets) : content?.text
      assert.equal(text, expect.text ?? expect.dataHex)
      assert.equal(toHex(encodeDeliverReport(report)), vector.tpdus[0])
    }
  })

  test(`TS 23.040 §9.2.2.1a ${vector.id}: a truncation is a DecodeError or a shorter report`, () => {
    const octets = fromHex(vector.tpdus[0])
    const shortestWithPi = form === 'ack' ? 2 : 3
    for (let length = 0; length < octets.length; length++) {
      const decode = () => decodeDeliverReport(octets.subarray(0, length), form)
      if (length < shortestWithPi) assert.equal(decode().pid, undefined)
      else assert.throws(decode, DecodeError, `${length} octets`)
    }
  })
}

for (const choice of encodingChoice.cases) {
  test(`TS 23.038 §6 ${choice.id}: the cheapest encoding is chosen`, () => {
    const result = prepareText(choice.text, {
      languages: choice.enabledLanguages,
      reference: { bits: choice.concatRefBits, value: 1 },
    })
    assert.ok(result.ok)
    const { encoding } = result
    assert.deepEqual(
      encoding?.alphabet === 'gsm7'
        ? { encoding: 'gsm7', locking: encoding.locking, single: encoding.single, parts: result.parts.length }
        : { encoding: 'ucs2', locking: 0, single: 0, parts: result.parts.length },
      choice.expect,
    )
  })
}

function addressOf(oa: DeliverVector['input']['oa']): Address {
  if (oa.alphanumeric !== undefined) return { kind: 'alphanumeric', text: oa.alphanumeric }
  return { kind: 'numeric', ton: oa.ton ?? 0, npi: oa.npi ?? 0, digits: oa.digits ?? '' }
}

function timeOf(text: string): { epochMs: number; offsetMinutes: number } {
  const sign = text[19] === '-' ? -1 : 1
  const minutes = sign * (Number(text.slice(20, 22)) * 60 + Number(text.slice(23, 25)))
  return { epochMs: Date.parse(text), offsetMinutes: minutes === 0 ? 0 : minutes }
}

function portsOf({ bits, dest, orig }: { bits: 8 | 16; dest: number; orig: number }) {
  return { bits, destination: dest, originator: orig }
}

function joined(parts: readonly SmsDeliver[]): string {
  return parts
    .map(({ userData: { content } }) => (content.alphabet === 'data' ? toHex(content.octets) : content.text))
    .join('')
}

function unitsOf({ userData: { content } }: SmsDeliver): number | undefined {
  if (content.alphabet === 'data') return content.octets.length
  return content.alphabet === 'gsm7' ? content.septets?.length : content.text.length
}

function withoutSeptets(message: SmsDeliver): SmsDeliver {
  const { content, header } = message.userData
  if (content.alphabet !== 'gsm7') return message
  const bare = { alphabet: 'gsm7' as const, text: content.text }
  return { ...message, userData: header === undefined ? { content: bare } : { header, content: bare } }
}
