const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** One line of octets: its content ends at `end`, the next line starts at `next`. */
export interface Line {
  readonly start: number
  readonly end: number
  readonly next: number
}

/** The line that starts at `start`; CRLF or a bare LF ends it, or the end of the octets. */
export function lineAt(octets: Buffer, start: number): Line {
  const feed = octets.indexOf(LINE_FEED, start)
  if (feed === -1) return { start, end: octets.length, next: octets.length }
  const end = feed > start && octets[feed - 1] === CARRIAGE_RETURN ? feed - 1 : feed
  return { start, end, next: feed + 1 }
}
