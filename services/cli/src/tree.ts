/** Anything a decoder returns, as an indented tree: octets as hex, times readable, undefined left out. */
export function renderTree(value: unknown, indent = ''): string {
  if (isLeaf(value)) return `${indent}${leaf(value)}`
  const entries: readonly (readonly [string, unknown])[] = Array.isArray(value)
    ? value.map((item, index) => [`[${index}]`, item] as const)
    : Object.entries(value as object).filter(([, item]) => item !== undefined)
  return entries
    .map(([key, item]) => {
      if (isLeaf(item)) return `${indent}${key}: ${leaf(item)}`
      const text = renderTree(item, `${indent}  `)
      return text === '' ? `${indent}${key}: (none)` : `${indent}${key}\n${text}`
    })
    .join('\n')
}

/** The same for programs: octets as hex strings, big integers as decimal strings. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => plain(item), 2)
}

function plain(item: unknown): unknown {
  if (item instanceof Uint8Array) return Buffer.from(item).toString('hex')
  // Buffer.toJSON runs before the replacer sees the value.
  if (typeof item === 'object' && item !== null && 'type' in item && item.type === 'Buffer' && 'data' in item)
    return Buffer.from(item.data as number[]).toString('hex')
  if (typeof item === 'bigint') return String(item)
  return item
}

function isLeaf(value: unknown): boolean {
  return typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof Date
}

function leaf(value: unknown): string {
  if (value instanceof Uint8Array) return value.length === 0 ? '(empty)' : Buffer.from(value).toString('hex')
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
