import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shiftTables } from './gsm7/alphabet.ts'
import { isSimple, splitText } from './segmentation.ts'

const pieces = (text: string, room: number, maxParts = 255) =>
  splitText(text, room, undefined, maxParts)?.map(({ start, end }) => text.slice(start, end))

test('UAX 29: what is called simple never joins its neighbour in the runtime segmenter', () => {
  const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' })
  const simple = Array.from({ length: 0x10000 }, (_, unit) => unit).filter(isSimple)
  const count = (text: string) => Array.from(segmenter.segment(text)).length
  const chars = simple
    .filter((unit) => unit !== 0x0d && unit !== 0x0a)
    .map((unit) => String.fromCharCode(unit))
  assert.ok(chars.length > 30_000)
  assert.equal(count(chars.join('')), chars.length)
  assert.equal(count(chars.map((char) => `a${char}`).join('')), chars.length * 2)
  assert.equal(count(chars.map((char) => char + char).join('')), chars.length * 2)
})

const SPLITS: readonly (readonly [what: string, text: string, room: number, parts: readonly string[]])[] = [
  ['plain letters fill each part', 'abcdefgh', 3, ['abc', 'def', 'gh']],
  ['CR LF moves as a whole', 'ab\r\nc', 3, ['ab', '\r\nc']],
  ['LF CR are two', 'ab\n\rc', 3, ['ab\n', '\rc']],
  ['a surrogate pair is never split', 'ab😀c', 3, ['ab', '😀c']],
  ['a flag moves as a whole', 'a🇩🇪🇫🇷b', 5, ['a🇩🇪', '🇫🇷b']],
  ['a family moves as a whole', 'ab👨‍👩‍👧‍👦c', 12, ['ab', '👨‍👩‍👧‍👦c']],
  ['a combining mark stays with its letter', 'aaт\u0301', 3, ['aa', 'т\u0301']],
  [
    'a cluster larger than a part is split between code points',
    'ab😀\u200d😀\u200d😀',
    4,
    ['ab', '😀\u200d', '😀\u200d', '😀'],
  ],
  [
    'marks without end are split',
    `e${'\u0301'.repeat(6)}`,
    3,
    ['e\u0301\u0301', '\u0301\u0301\u0301', '\u0301'],
  ],
  [
    'lone surrogates are units of their own',
    '\ud83d\ud83d\ude00\ude00',
    2,
    ['\ud83d', '\ud83d\ude00', '\ude00'],
  ],
  ['empty text is one empty part', '', 3, ['']],
]

for (const [what, text, room, parts] of SPLITS) {
  test(`splitting: ${what}`, () => {
    assert.deepEqual(pieces(text, room), parts)
  })
}

test('splitting: units of a part are those of its text, also when a cluster moved', () => {
  const tables = shiftTables(0, 0)
  const text = 'ab€cd€\r\nef'
  const parts = splitText(text, 4, tables, 255) ?? []
  assert.deepEqual(
    parts.map(({ start, end, units }) => [text.slice(start, end), units]),
    [
      ['ab€', 4],
      ['cd€', 4],
      ['\r\nef', 4],
    ],
  )
  assert.deepEqual(
    splitText('abc\r\nd', 4, tables, 255)?.map(({ units }) => units),
    [3, 3],
  )
})

test('splitting: more parts than allowed give nothing, exactly as many are fine', () => {
  assert.equal(pieces('abcdef', 3, 2)?.length, 2)
  assert.equal(pieces('abcdefg', 3, 2), undefined)
  assert.equal(pieces('ab', 1, 1), undefined)
})
