import { decodeEntities } from './html.ts'

const MAX_URL_CHARACTERS = 1024
const HTTP_URL = /^https?:\/\/[!-~]+$/i
const DECIMAL = /^-?\d{1,3}(?:\.\d{1,12})?$/

/** Download link of a file transfer over HTTP: the URL of the `file` (not its thumbnail), or undefined. */
export function linkOfFileTransfer(xml: string): string | undefined {
  let isFile = false
  for (const { name, source } of tagsOf(xml)) {
    if (name === 'file-info') isFile = attributeOf(source, 'type') === 'file'
    if (name !== 'data' || !isFile) continue
    const url = attributeOf(source, 'url') ?? ''
    return url.length <= MAX_URL_CHARACTERS && HTTP_URL.test(url) ? url : undefined
  }
  return undefined
}

/** A pushed location as its label and a `geo:` URI (RFC 5870), or undefined. */
export function textOfLocation(xml: string): string | undefined {
  let label: string | undefined
  for (const { name, source, next } of tagsOf(xml)) {
    if (name === 'rcspushlocation') label = attributeOf(source, 'label')
    if (name !== 'pos') continue
    const [latitude = '', longitude = '', ...rest] = xml
      .slice(next, indexOrEnd(xml, '<', next))
      .trim()
      .split(/\s+/, 4)
    if (rest.length > 1 || !DECIMAL.test(latitude) || !DECIMAL.test(longitude)) return undefined
    const uri = `geo:${latitude},${longitude}`
    return label === undefined || label === '' ? uri : `${label}\n${uri}`
  }
  return undefined
}

/** Start tags in order: local name without prefix, source of the tag, position behind it. */
function* tagsOf(xml: string): Generator<{ name: string; source: string; next: number }> {
  let open = xml.indexOf('<')
  while (open !== -1) {
    const next = indexOrEnd(xml, '>', open) + 1
    const source = xml.slice(open, next)
    const name = /^<(?:[\w.-]{1,64}:)?([\w.-]{1,64})/.exec(source)?.[1]
    if (name !== undefined) yield { name, source, next }
    open = xml.indexOf('<', next)
  }
}

function attributeOf(tag: string, name: string): string | undefined {
  const at = tag.search(new RegExp(`\\s${name}\\s*=\\s*["']`))
  if (at === -1) return undefined
  const start = tag.slice(at).search(/["']/) + at
  const end = tag.indexOf(tag[start] as string, start + 1)
  return end === -1 ? undefined : decodeEntities(tag.slice(start + 1, end))
}

function indexOrEnd(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from)
  return at === -1 ? text.length : at
}
