const TAB = 0x09
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const FIRST_PRINTABLE = 0x20

/** CR LF and CR become LF, NUL goes, other C0 controls but TAB become a space, one trailing LF goes. */
export function cleanText(text: string): string {
  const cleaned = hasControl(text) ? replaceControls(text) : text
  return cleaned.endsWith('\n') ? cleaned.slice(0, -1) : cleaned
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < FIRST_PRINTABLE && unit !== LINE_FEED && unit !== TAB) return true
  }
  return false
}

function replaceControls(text: string): string {
  let result = ''
  let copied = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= FIRST_PRINTABLE || unit === LINE_FEED || unit === TAB) continue
    result += text.slice(copied, i) + replacement(unit, text.charCodeAt(i + 1))
    copied = i + 1
  }
  return result + text.slice(copied)
}

function replacement(unit: number, next: number): string {
  if (unit === 0) return ''
  if (unit !== CARRIAGE_RETURN) return ' '
  return next === LINE_FEED ? '' : '\n'
}
