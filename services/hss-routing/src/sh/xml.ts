import { DecodeError } from '@ipsmgw/bytes'

/** Bounds of a document; an HSS sends a few kilobytes. */
const MOST_OCTETS = 64 * 1024
const MOST_ELEMENTS = 4_096
const DEEPEST_ELEMENT = 64

const NAME = /[A-Za-z_][\w.-]{0,99}(?::[A-Za-z_][\w.-]{0,99})?/y
const ATTRIBUTES = /(?:\s+[\w:.-]{1,100}\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*/y
const NAMED_ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }
const REFERENCE = /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]{1,8}));|&/g

/** Called for every element with its path of local names from the root, and its own text. */
type Visit = (path: readonly string[], text: string) => void

/**
 * A small XML reader that has nothing to attack: no document type, no entities but the five of XML, bounded size,
 * depth and count, one pass. Throws `DecodeError`.
 */
export function readXml(octets: Buffer, visit: Visit): void {
  if (octets.length > MOST_OCTETS) throw fault('document', 0, 'overlength', `${octets.length} octets`)
  new XmlReader(octets.toString('utf8').replace(/^\ufeff/, ''), visit).read()
}

class XmlReader {
  readonly #xml: string
  readonly #visit: Visit
  readonly #path: string[] = []
  readonly #names: string[] = []
  readonly #texts: string[] = []
  #at = 0
  #elements = 0

  constructor(xml: string, visit: Visit) {
    this.#xml = xml
    this.#visit = visit
  }

  read(): void {
    while (this.#at < this.#xml.length) {
      const open = this.#xml.indexOf('<', this.#at)
      this.#text(this.#xml.slice(this.#at, open === -1 ? undefined : open))
      if (open === -1) break
      this.#at = open
      this.#markup()
    }
    if (this.#path.length > 0 || this.#elements === 0) this.#fail('underflow', 'the document is not complete')
  }

  #markup(): void {
    if (this.#starts('<!--')) this.#skipTo('-->')
    else if (this.#starts('<?')) this.#skipTo('?>')
    else if (this.#starts('<![CDATA[')) this.#characterData()
    else if (this.#starts('<!')) this.#fail('unsupported', 'document types are not read')
    else if (this.#starts('</')) this.#endTag()
    else this.#startTag()
  }

  #startTag(): void {
    const name = this.#match(NAME, this.#at + 1)
    if (name === '') this.#fail('invalid', 'an element without a name')
    const attributes = this.#match(ATTRIBUTES, this.#at + 1 + name.length)
    this.#at += 1 + name.length + attributes.length
    const empty = this.#starts('/>')
    if (!empty && !this.#starts('>')) this.#fail('invalid', 'a tag that does not end')
    if (this.#path.length === 0 && this.#elements > 0) this.#fail('trailing', 'a second root')
    if (++this.#elements > MOST_ELEMENTS) this.#fail('overlength', 'too many elements')
    if (this.#path.length >= DEEPEST_ELEMENT) this.#fail('overlength', 'elements too deep')
    this.#at += empty ? 2 : 1
    this.#names.push(name)
    this.#path.push(name.slice(name.indexOf(':') + 1))
    this.#texts.push('')
    if (empty) this.#close()
  }

  #endTag(): void {
    const name = this.#match(NAME, this.#at + 2)
    const end = this.#match(/\s*>/y, this.#at + 2 + name.length)
    if (end === '' || this.#names.at(-1) !== name) this.#fail('invalid', 'an end without its start')
    this.#at += 2 + name.length + end.length
    this.#close()
  }

  #close(): void {
    this.#visit(this.#path, this.#texts.pop() ?? '')
    this.#path.pop()
    this.#names.pop()
  }

  #characterData(): void {
    const start = this.#at + '<![CDATA['.length
    this.#skipTo(']]>')
    this.#append(this.#xml.slice(start, this.#at - 3))
  }

  #text(source: string): void {
    this.#append(
      source.replace(REFERENCE, (_match, decimal?: string, hexadecimal?: string, name?: string) => {
        if (name !== undefined && Object.hasOwn(NAMED_ENTITIES, name)) return NAMED_ENTITIES[name] as string
        const code = Number.parseInt(decimal ?? hexadecimal ?? '', decimal === undefined ? 16 : 10)
        if (!(code > 0 && code <= 0x10ffff)) this.#fail('unsupported', 'entities are not expanded')
        return String.fromCodePoint(code)
      }),
    )
  }

  #append(text: string): void {
    if (this.#texts.length > 0) this.#texts[this.#texts.length - 1] += text
    else if (text.trim() !== '') this.#fail('invalid', 'text outside the root')
  }

  #starts(mark: string): boolean {
    return this.#xml.startsWith(mark, this.#at)
  }

  #match(pattern: RegExp, at: number): string {
    pattern.lastIndex = at
    return pattern.exec(this.#xml)?.[0] ?? ''
  }

  #skipTo(mark: string): void {
    const end = this.#xml.indexOf(mark, this.#at)
    if (end === -1) this.#fail('underflow', `no ${mark}`)
    this.#at = end + mark.length
  }

  #fail(reason: DecodeError['reason'], detail: string): never {
    throw fault(this.#path.join('/') || 'document', this.#at, reason, detail)
  }
}

/** `offset` counts characters: the octets of what was read before are not kept. */
function fault(path: string, offset: number, reason: DecodeError['reason'], detail: string): DecodeError {
  return new DecodeError('Sh-Data', path, offset, reason, detail)
}
