import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { VENDOR_3GPP } from './applications.ts'
import { AVPS } from './avps.ts'
import type { AvpDefinition, MessageDefinition } from './definitions.ts'
import { ERROR_ANSWER_MEMBERS, MESSAGES } from './messages.ts'
import { ExperimentalResult, ResultCode } from './results.ts'

/** The facts, collected from several stacks and from extracts of the standards. */
interface Member {
  avp: string
  min: number
  max: number | null
}

interface Facts {
  avps: {
    name: string
    code: number
    vendorId: number
    type: string
    encoding?: string
    mFlag: string
    mFlagByApplication?: Record<string, string>
    maxOctets?: number
    enum?: Record<string, string>
    bits?: Record<string, string>
    members?: Member[]
  }[]
  commands: {
    name: string
    code: number
    applicationId: number
    request: { abbreviation: string; flags: string[]; grammar: Member[] }
    answer: { abbreviation: string; flags: string[]; grammar: Member[] }
  }[]
  genericErrorAnswer: { grammar: Member[] }
  resultCodes: { code: number; name: string }[]
  experimentalResultCodes: { code: number; name: string; vendorId: number }[]
}

const FILE = new URL('../../../../test/vectors/diameter-dictionary.json', import.meta.url)
const facts = JSON.parse(readFileSync(FILE, 'utf8')) as Facts
const avps: Readonly<Record<string, AvpDefinition>> = AVPS
const messages: Readonly<Record<string, MessageDefinition>> = MESSAGES

/** Priorities of RFC 7944 and TS 29.229 are numbers that speak for themselves. */
const UNNAMED_VALUES = new Set(['DRMP', 'Session-Priority'])

function grammarOf(members: readonly Member[]): [string, string][] {
  return members.map(({ avp, min, max }) => [
    avp,
    max === 1 ? (min === 1 ? '1' : '?') : min === 1 ? '+' : '*',
  ])
}

test('RFC 6733 §4.5: every AVP of the fact table is known, no other, with code, vendor, type and M flag', () => {
  assert.deepEqual(Object.keys(AVPS).sort(), facts.avps.map(({ name }) => name).sort())
  for (const it of facts.avps) {
    const definition = avps[it.name]
    assert.ok(definition)
    assert.equal(definition.code, it.code, it.name)
    assert.equal(definition.vendorId ?? 0, it.vendorId, it.name)
    assert.equal(definition.type, it.encoding === 'TBCD' ? 'Tbcd' : it.type, it.name)
    assert.equal(definition.mandatory, it.mFlag === 'must', it.name)
    assert.equal(definition.maximumOctets, it.maxOctets, it.name)
    const byApplication = Object.entries(it.mFlagByApplication ?? {}).map(([id, m]) => [id, m === 'must'])
    assert.deepEqual(definition.mandatoryIn ?? {}, Object.fromEntries(byApplication), it.name)
  }
})

test('RFC 6733 §4.5: values and bits have the numbers of the fact table', () => {
  for (const it of facts.avps) {
    if (UNNAMED_VALUES.has(it.name)) continue
    const named = Object.entries(it.enum ?? {}).map(([number, name]) => [name, Number(number)])
    assert.deepEqual(avps[it.name]?.values ?? {}, Object.fromEntries(named), it.name)
    const bits = Object.entries(it.bits ?? {}).map(([bit, name]) => [name, 2 ** Number(bit)])
    assert.deepEqual(avps[it.name]?.bits ?? {}, Object.fromEntries(bits), it.name)
  }
})

test('RFC 6733 §4.4: groups have the members of the fact table, in its order', () => {
  for (const it of facts.avps)
    assert.deepEqual(Object.entries(avps[it.name]?.members ?? {}), grammarOf(it.members ?? []), it.name)
})

test('RFC 6733 §3.2: commands have the grammar of the fact table, in its order', () => {
  assert.equal(Object.keys(MESSAGES).length, 2 * facts.commands.length)
  for (const { name, code, applicationId, request, answer } of facts.commands) {
    for (const side of [request, answer]) {
      const definition = messages[side.abbreviation]
      assert.ok(definition, side.abbreviation)
      assert.deepEqual(
        [definition.command, definition.code, definition.applicationId],
        [name, code, applicationId],
      )
      assert.equal(definition.request, side === request)
      assert.equal(definition.proxiable, side.flags.includes('P'))
      assert.deepEqual(Object.entries(definition.members), grammarOf(side.grammar), side.abbreviation)
    }
    assert.equal(messages[request.abbreviation]?.answer, answer.abbreviation)
  }
  assert.deepEqual(Object.entries(ERROR_ANSWER_MEMBERS), grammarOf(facts.genericErrorAnswer.grammar))
})

test('RFC 6733 §7.1, TS 29.338 §7.3: result codes have the names and numbers of the fact table', () => {
  const named = (list: { name: string; code: number }[], prefix: RegExp) =>
    Object.fromEntries(list.map(({ name, code }) => [name.replace(prefix, ''), code]))
  assert.deepEqual(ResultCode, named(facts.resultCodes, /^DIAMETER_/))
  assert.ok(facts.experimentalResultCodes.every(({ vendorId }) => vendorId === VENDOR_3GPP))
  assert.deepEqual(ExperimentalResult, named(facts.experimentalResultCodes, /^DIAMETER_(ERROR_)?/))
})

test('TS 29.338 §6.2: forwards of a short message are never repeated, every query may be', () => {
  const once = Object.entries(messages).filter(([, definition]) => definition.once === true)
  assert.deepEqual(once.map(([name]) => name).sort(), ['OFR', 'TFR'])
})
