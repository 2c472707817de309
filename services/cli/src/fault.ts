const CONTEXT = 8

/** A few octets around the wrong one, the wrong one in brackets. */
export function pointAt(octets: Uint8Array, offset: number): string {
  const start = Math.max(0, offset - CONTEXT)
  const end = Math.min(octets.length, offset + CONTEXT + 1)
  const cells = Array.from(octets.subarray(start, end), (octet, index) => {
    const hex = octet.toString(16).padStart(2, '0')
    return start + index === offset ? `[${hex}]` : hex
  })
  if (offset >= octets.length) cells.push('[end]')
  return `${start > 0 ? '… ' : ''}${cells.join(' ')}${end < octets.length ? ' …' : ''}`
}
