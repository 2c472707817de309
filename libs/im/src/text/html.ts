/** Elements whose content nobody is meant to read. */
const HIDDEN: ReadonlySet<string> = new Set(['script', 'style', 'head', 'title', 'template'])
/** Elements that begin or end a line. */
const BLOCKS: ReadonlySet<string> = new Set([
  'br',
  'p',
  'div',
  'li',
  'ul',
  'ol',
  'tr',
  'table',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'blockquote',
  'hr',
])
const LONGEST_ENTITY = 10

/** Names of U+00A0 to U+00FF in order. */
const LATIN1_NAMES =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute ' +
  'micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig ' +
  'Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash ' +
  'Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ' +
  'ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc ' +
  'uuml yacute thorn yuml'

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ...LATIN1_NAMES.split(' ').map((name, index) => [name, String.fromCharCode(0xa0 + index)] as const),
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['euro', '€'],
  ['hellip', '…'],
  ['ndash', '–'],
  ['mdash', '—'],
  ['lsquo', '‘'],
  ['rsquo', '’'],
  ['ldquo', '“'],
  ['rdquo', '”'],
  ['bull', '•'],
  ['trade', '™'],
])

/** Readable text of HTML: tags off, blocks on lines of their own, white space collapsed, entities decoded. */
export function textOfHtml(html: string): string {
  const lowerCase = html.toLowerCase()
  const pieces: string[] = []
  let position = 0
  for (let open = html.indexOf('<'); open !== -1; open = html.indexOf('<', position)) {
    pieces.push(html.slice(position, open).replaceAll(/\s+/g, ' '))
    const tag = readTag(lowerCase, open)
    if (BLOCKS.has(tag.name)) pieces.push('\n')
    position = tag.next
  }
  pieces.push(html.slice(position).replaceAll(/\s+/g, ' '))
  const lines = pieces.join('').replaceAll(/ +/g, ' ').split('\n')
  const shown = lines.map((line) => line.trim()).filter((line) => line !== '')
  return decodeEntities(shown.join('\n'))
}

/** Character references of HTML and XML; unknown ones stay as written. */
export function decodeEntities(text: string): string {
  let result = ''
  let position = 0
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', position)) {
    const candidate = text.slice(at + 1, at + 1 + LONGEST_ENTITY)
    const length = candidate.indexOf(';')
    const decoded = length === -1 ? undefined : decodeEntity(candidate.slice(0, length))
    result += text.slice(position, at) + (decoded ?? '&')
    position = decoded === undefined ? at + 1 : at + length + 2
  }
  return result + text.slice(position)
}

function decodeEntity(name: string): string | undefined {
  const number = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(name)
  if (number === null) return ENTITIES.get(name)
  const point = number[1] === undefined ? Number(number[2]) : Number.parseInt(number[1], 16)
  const isCharacter = point > 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff)
  return isCharacter ? String.fromCodePoint(point) : ''
}

/** The tag or comment that starts at `open`; of a hidden element all up to its end tag. */
function readTag(html: string, open: number): { name: string; next: number } {
  if (html.startsWith('<!--', open)) return { name: '', next: behind(html, '-->', open + 4) }
  const next = behind(html, '>', open)
  const name = /^[/]?([a-z][a-z0-9]*)/.exec(html.slice(open + 1, open + 16))?.[1] ?? ''
  if (!HIDDEN.has(name) || html[open + 1] === '/') return { name, next }
  const close = html.indexOf(`</${name}`, next)
  return { name, next: close === -1 ? html.length : behind(html, '>', close) }
}

function behind(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from)
  return at === -1 ? text.length : at + what.length
}
