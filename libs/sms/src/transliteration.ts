import { measureSeptets, shiftTables } from './gsm7/alphabet.ts'

/** Typographic characters and what stands for them without loss of meaning. Letters keep their accents. */
const TYPOGRAPHY: ReadonlyMap<string, string> = new Map([
  ['\t', ' '],
  ['\u00a0', ' '],
  ['\u00ad', ''],
  ['`', "'"],
  ['\u00b4', "'"],
  ['\u00ab', '"'],
  ['\u00bb', '"'],
  ['\u2002', ' '],
  ['\u2003', ' '],
  ['\u2009', ' '],
  ['\u200a', ' '],
  ['\u200b', ''],
  ['\u2010', '-'],
  ['\u2011', '-'],
  ['\u2012', '-'],
  ['\u2013', '-'],
  ['\u2014', '-'],
  ['\u2015', '-'],
  ['\u2018', "'"],
  ['\u2019', "'"],
  ['\u201a', "'"],
  ['\u201b', "'"],
  ['\u201c', '"'],
  ['\u201d', '"'],
  ['\u201e', '"'],
  ['\u201f', '"'],
  ['\u2022', '*'],
  ['\u2026', '...'],
  ['\u2028', '\n'],
  ['\u2029', '\n'],
  ['\u202f', ' '],
  ['\u2032', "'"],
  ['\u2033', '"'],
  ['\u2039', "'"],
  ['\u203a', "'"],
  ['\u2212', '-'],
  ['\ufeff', ''],
])

/** Nearest basic character of each character of the extension table (an address has no escapes). */
const EXTENSION_TO_BASE: ReadonlyMap<string, string> = new Map([
  ['^', ''],
  ['{', '('],
  ['}', ')'],
  ['\\', '/'],
  ['[', '('],
  ['~', '-'],
  [']', ')'],
  ['|', '/'],
  ['€', 'E'],
  ['\f', ' '],
])

const COMBINING_MARKS = /\p{M}+/gu
const DEFAULT_TABLES = shiftTables(0, 0)

/** Typographic quotes, dashes and spaces as the default alphabet has them; everything else unchanged. */
export function transliterate(text: string): string {
  let result = ''
  for (const char of text) result += TYPOGRAPHY.get(char) ?? char
  return result
}

/** Text in one-septet characters: typography and extension replaced, unknown accents taken off, the rest dropped. */
export function toBaseCharacters(text: string): string {
  let result = ''
  for (const char of transliterate(text.normalize('NFC'))) {
    if (char === '\n' || char === '\r') result += ' '
    else result += baseCharacter(char)
  }
  return result
}

function baseCharacter(char: string): string {
  if (measureSeptets(char, DEFAULT_TABLES) === 1) return char
  const base = EXTENSION_TO_BASE.get(char)
  if (base !== undefined) return base
  const bare = char.normalize('NFKD').replace(COMBINING_MARKS, '')
  return measureSeptets(bare, DEFAULT_TABLES) === bare.length ? bare : ''
}
