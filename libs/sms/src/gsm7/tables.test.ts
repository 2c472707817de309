import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { decodeGsm7, ESCAPE, encodeGsm7, hasLockingTable, measureSeptets, shiftTables } from './alphabet.ts'
import { CODE_POINT_LIMIT, LANGUAGE_TABLES, Language } from './tables.ts'

interface OutsideTable {
  readonly id: Language
  readonly name: string
  readonly locking: readonly (number | null)[] | null
  readonly singleShift: readonly (number | null)[]
}

const FILE = new URL('../../../../test/vectors/gsm7.json', import.meta.url)
const { languages } = JSON.parse(readFileSync(FILE, 'utf8')) as { languages: readonly OutsideTable[] }

test('TS 23.038 annex A: every language of the outside tables is here, and no other', () => {
  assert.deepEqual(
    languages.map(({ id, name }) => [id, name]),
    LANGUAGE_TABLES.map(({ name }, id) => [id, name]),
  )
  assert.equal(Object.keys(Language).length, languages.length)
})

for (const outside of languages) {
  const { id, name, locking, singleShift } = outside

  test(`TS 23.038 annex A: ${name} locking shift table decodes and encodes cell by cell`, () => {
    assert.equal(hasLockingTable(id), locking !== null)
    for (const [code, point] of (locking ?? []).entries()) {
      if (code === ESCAPE) continue
      assert.equal(decodeGsm7(Uint8Array.of(code), id), point === null ? ' ' : String.fromCodePoint(point))
      if (point === null) continue
      const lowest = locking?.indexOf(point)
      assert.deepEqual([...(encodeGsm7(String.fromCodePoint(point), id) ?? [])], [lowest])
    }
  })

  test(`TS 23.038 annex A: ${name} single shift table decodes cell by cell, undefined codes show the locking table`, () => {
    const base = languages[0]?.locking ?? []
    for (const [code, point] of singleShift.entries()) {
      const shown = point ?? base[code] ?? 0x20
      assert.equal(
        decodeGsm7(Uint8Array.of(ESCAPE, code), 0, id),
        String.fromCodePoint(shown),
        `code ${code}`,
      )
      if (point === null || base.includes(point)) continue
      assert.deepEqual(
        [...(encodeGsm7(String.fromCodePoint(point), 0, id) ?? [])],
        [ESCAPE, singleShift.indexOf(point)],
      )
    }
  })

  test(`TS 23.038 §6.2.1: ${name} has no code for any other code point`, () => {
    const known = new Set([...(locking ?? languages[0]?.locking ?? []), ...singleShift])
    const tables = shiftTables(locking === null ? 0 : id, id)
    for (let point = 0; point < CODE_POINT_LIMIT + 0x100; point++)
      assert.equal(
        measureSeptets(String.fromCharCode(point), tables) > 0,
        known.has(point),
        `U+${point.toString(16)}`,
      )
  })
}

test('TS 23.038 §6.2.1.1: a double escape and an escape at the end show a space', () => {
  assert.equal(decodeGsm7(Uint8Array.of(0x41, ESCAPE, ESCAPE, 0x42)), 'A B')
  assert.equal(decodeGsm7(Uint8Array.of(0x41, ESCAPE)), 'A ')
})

test('TS 23.040 §9.2.3.24.15: a language without a locking table or unknown falls back to the default alphabet', () => {
  assert.equal(decodeGsm7(Uint8Array.of(0), Language.spanish), '@')
  assert.equal(decodeGsm7(Uint8Array.of(0, ESCAPE, 0x65), 99, 99), '@€')
})
