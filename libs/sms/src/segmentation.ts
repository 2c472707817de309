import { type ShiftTables, septetCost } from './gsm7/alphabet.ts'

const SEGMENTER = new Intl.Segmenter('und', { granularity: 'grapheme' })
const CARRIAGE_RETURN = 0x0d
const LINE_FEED = 0x0a

/** One part of a text: code units `start` to `end`, and its cost in septets or code units. */
export interface TextRange {
  readonly start: number
  readonly end: number
  readonly units: number
}

/**
 * Ranges of code units that never join a neighbour of these ranges into one grapheme cluster (CR LF apart): what
 * needs no segmenter. Judged against the runtime's segmenter in the test.
 */
const SIMPLE_RANGES: readonly (readonly [first: number, last: number])[] = [
  [0x0000, 0x02ff],
  [0x0370, 0x0482],
  [0x048a, 0x0590],
  [0x1e00, 0x1fff],
  [0x2010, 0x2027],
  [0x20a0, 0x20cf],
  [0x3000, 0x3029],
  [0x3041, 0x3096],
  [0x30a0, 0x30ff],
  [0x3400, 0x9fff],
  [0xac00, 0xd7a3],
  [0xff01, 0xff9d],
]

/** True when the code unit stands for itself beside another one of which this is true. */
export function isSimple(unit: number): boolean {
  if (unit < 0x300) return true
  return SIMPLE_RANGES.some(([first, last]) => unit >= first && unit <= last)
}

/**
 * Fills parts of `room` units greedily (TS 23.040 leaves it open; project rule: whole grapheme clusters). A cluster
 * that does not fit moves to the next part, one larger than a part is split between code points. Undefined when
 * more than `maxParts` are needed. `tables` undefined = UTF-16 code units.
 */
export function splitText(
  text: string,
  room: number,
  tables: ShiftTables | undefined,
  maxParts: number,
): TextRange[] | undefined {
  const ranges: TextRange[] = []
  let start = 0
  let units = 0
  let position = 0
  while (position < text.length) {
    const width = codePointWidth(text, position)
    const cost = tables === undefined ? width : septetCost(text.charCodeAt(position), tables)
    if (units + cost > room) {
      const cut = cutBefore(text, position, start)
      ranges.push({ start, end: cut, units: units - costBetween(text, cut, position, tables) })
      if (ranges.length === maxParts) return undefined
      start = position = cut
      units = 0
      continue
    }
    units += cost
    position += width
  }
  ranges.push({ start, end: text.length, units })
  return ranges
}

/** Start of the cluster that holds `position`, or `position` itself when that cluster began before the part. */
function cutBefore(text: string, position: number, partStart: number): number {
  const before = text.charCodeAt(position - 1)
  const after = text.charCodeAt(position)
  if (isSimple(before) && isSimple(after)) {
    const isLineEnd = before === CARRIAGE_RETURN && after === LINE_FEED
    return isLineEnd && position - 1 > partStart ? position - 1 : position
  }
  const clusterStart = SEGMENTER.segment(text).containing(position)?.index ?? position
  return clusterStart > partStart ? clusterStart : position
}

function costBetween(text: string, from: number, to: number, tables: ShiftTables | undefined): number {
  if (tables === undefined) return to - from
  let cost = 0
  for (let i = from; i < to; i++) cost += septetCost(text.charCodeAt(i), tables)
  return cost
}

function codePointWidth(text: string, position: number): 1 | 2 {
  const unit = text.charCodeAt(position)
  if (unit < 0xd800 || unit > 0xdbff) return 1
  const next = text.charCodeAt(position + 1)
  return next >= 0xdc00 && next <= 0xdfff ? 2 : 1
}
