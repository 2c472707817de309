/** How settings write a point code (ITU, 14 bits): zone, area and point as 3-8-3 bits, or one number. */
export const POINT_CODE_PATTERN = '^([0-7]\\.[0-9]{1,3}\\.[0-7]|[0-9]{1,5})$'
const LARGEST = 0x3fff

/** `1.1.2` or `2058` as the number. Throws RangeError for what has no place in 14 bits. */
export function pointCodeOf(text: string): number {
  const [zone = 0, area, point = 0] = text.split('.').map(Number)
  const code = area === undefined ? zone : (zone << 11) | (area << 3) | point
  if (!(code > 0 && code <= LARGEST) || (area ?? 0) > 0xff)
    throw new RangeError(`${text} is no point code of 14 bits`)
  return code
}
