import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml'

interface Row {
  readonly key: string
  readonly fallback: string
  readonly about: string
}

const sentence = /^ -- (.+)$/m

/** What the line above a key says, after `# --`. */
const commentOf = (pair: Pair, first: string | null | undefined): string | undefined =>
  sentence.exec((isScalar(pair.key) ? (pair.key.commentBefore ?? '') : '') || (first ?? ''))?.[1]

function rowsOf(map: YAMLMap, path: string, whole: unknown): Row[] {
  return map.items.flatMap((pair, index) => {
    const key = `${path}${String(isScalar(pair.key) ? pair.key.value : pair.key)}`
    const about = commentOf(pair, index === 0 ? map.commentBefore : undefined)
    const value = (whole as Record<string, unknown>)[key.slice(path.length)]
    if (about !== undefined) return [{ key, fallback: JSON.stringify(value), about }]
    return isMap(pair.value) ? rowsOf(pair.value, `${key}.`, value) : []
  })
}

/** The table of all values that values.yaml describes by `# --`. */
export function valuesTable(yaml: string): string {
  const document = parseDocument(yaml, { merge: true })
  const rows = rowsOf(document.contents as YAMLMap, '', document.toJS({ maxAliasCount: 1_000 }))
  return [
    '| value | default | what it is |',
    '| --- | --- | --- |',
    ...rows.map(
      ({ key, fallback, about }) =>
        `| \`${key}\` | \`${fallback.replaceAll('|', '\\|')}\` | ${about.replaceAll('|', '\\|')} |`,
    ),
  ].join('\n')
}
