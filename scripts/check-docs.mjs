// Holds the documents to the code: every relative link and anchor of the Markdown files resolves, conformance
// tables use the agreed words and name evidence that exists, and every library's conformance table is linked
// from the table of tables. Needs no dependency.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const statuses = ['implemented', 'partial', 'syntax only', 'none']
const skippedFolders = new Set(['node_modules', 'vectors'])
const posix = (path) => path.split(sep).join('/')

/** Markdown files below a folder, as absolute paths. */
export function markdownFiles(folder) {
  const found = []
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !skippedFolders.has(entry.name) && !entry.name.startsWith('.'))
      found.push(...markdownFiles(path))
    else if (entry.name.endsWith('.md')) found.push(path)
  }
  return found
}

/** The text with code blocks blanked, line numbers kept. */
function withoutCodeBlocks(text) {
  let fence
  return text.split('\n').map((line) => {
    const mark = /^\s*(```+|~~~+)/.exec(line)?.[1]
    if (fence === undefined && mark === undefined) return line
    if (fence === undefined) fence = mark
    else if (mark?.startsWith(fence)) fence = undefined
    return ''
  })
}

const inlineCode = /(`+)(?:(?!\1).)+\1/g
const linkTarget =
  /!?\[(?:[^[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/g

/** Links of a document: `{ target, line }`, those in code left out. */
export function linksOf(text) {
  return withoutCodeBlocks(text).flatMap((line, index) =>
    [...line.replace(inlineCode, (code) => ' '.repeat(code.length)).matchAll(linkTarget)].map((match) => ({
      target: match[1] ?? match[2],
      line: index + 1,
    })),
  )
}

/** The anchors that a forge makes of the headings of a document. */
export function anchorsOf(text) {
  const seen = new Map()
  const anchors = new Set()
  for (const line of withoutCodeBlocks(text)) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1]
    if (heading === undefined) continue
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '')
    const slug = plain
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-')
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    anchors.add(count === 0 ? slug : `${slug}-${count}`)
  }
  return anchors
}

const cells = (line) =>
  line
    .replace(/\\\|/g, '\u0000')
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.replaceAll('\u0000', '|').trim())

/** Rows of the tables that have a column "evidence": `{ status, evidence, line }`. */
export function evidenceRows(text) {
  const rows = []
  const lines = withoutCodeBlocks(text)
  let columns
  for (const [index, line] of lines.entries()) {
    if (!line.trimStart().startsWith('|')) {
      columns = undefined
      continue
    }
    const row = cells(line)
    if (columns === undefined) {
      const names = row.map((cell) => cell.toLowerCase())
      columns = {
        evidence: names.findIndex((name) => name.startsWith('evidence')),
        status: names.findIndex((name) => statusColumn.test(name)),
      }
    } else if (columns.evidence !== -1 && !row.every((cell) => /^:?-+:?$/.test(cell))) {
      rows.push({ status: row[columns.status], evidence: row[columns.evidence] ?? '', line: index + 1 })
    }
  }
  return rows
}

const statusColumn = /^(status|state|support)/

/** Paths in an evidence cell: what stands in backticks or links and looks like a path, without `:12` or `#name`. */
export function pathsOf(evidence) {
  const quoted = [...evidence.matchAll(/`([^`]+)`/g)].map((match) => match[1])
  const linked = [...evidence.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1])
  const bare = evidence
    .replace(inlineCode, ' ')
    .replace(/\[[^\]]*\]\([^)]*\)/g, ' ')
    .split(/[\s,;]+/)
  const paths = [...quoted, ...linked, ...bare].map((path) =>
    path.replace(/[#:].*$/, '').replace(/[.,;]$/, ''),
  )
  return paths.filter(
    (path) =>
      /^[\w.@*/-]+$/.test(path) &&
      (/\.(ts|mjs|json|md|txt|xml|sh|yaml|dat|cfg)$/.test(path) || path.endsWith('/')),
  )
}

/** Whether a path, maybe with `*` in its last part, exists below one of the folders. */
const existsBelow = (folders, path) =>
  folders.some((folder) => {
    const whole = resolve(folder, path)
    if (!path.includes('*')) return existsSync(whole)
    const pattern = new RegExp(`^${whole.split(sep).at(-1).replace(/[.]/g, '\\.').replaceAll('*', '.*')}$`)
    return existsSync(dirname(whole)) && readdirSync(dirname(whole)).some((name) => pattern.test(name))
  })

function checkLinks({ path, text, report }) {
  for (const { target, line } of linksOf(text)) {
    if (/^[a-z][a-z+.-]*:/i.test(target)) continue
    const [file, anchor] = decodeURI(target).split('#')
    const whole = file === '' ? path : resolve(dirname(path), file)
    if (!existsSync(whole)) report(line, `the link '${target}' leads nowhere`)
    else if (anchor && whole.endsWith('.md') && !anchorsOf(readFileSync(whole, 'utf8')).has(anchor)) {
      report(line, `no heading gives the anchor '#${anchor}' in ${file === '' ? 'this file' : file}`)
    }
  }
}

function checkEvidence({ root, path, text, report }) {
  for (const { status, evidence, line } of evidenceRows(text)) {
    const word = status?.toLowerCase().replace(/[`*]/g, '')
    const known = statuses.find((it) => word?.startsWith(it))
    if (word !== undefined && known === undefined)
      report(line, `status '${status}' is none of: ${statuses.join(', ')}`)
    const paths = pathsOf(evidence)
    if (known !== undefined && known !== 'none' && paths.length === 0)
      report(line, `'${status}' without a path as evidence`)
    for (const it of paths) {
      if (!existsBelow([dirname(path), join(dirname(path), 'src'), root], it))
        report(line, `the evidence '${it}' does not exist`)
    }
  }
}

/** Libraries whose conformance table is not linked from docs/conformance/README.md. */
function checkIndex(root, problems) {
  const index = join(root, 'docs', 'conformance', 'README.md')
  if (!existsSync(index) || !existsSync(join(root, 'libs'))) return
  const linked = new Set(
    linksOf(readFileSync(index, 'utf8')).map(({ target }) => resolve(dirname(index), target)),
  )
  for (const name of readdirSync(join(root, 'libs'))) {
    const readme = join(root, 'libs', name, 'README.md')
    if (!existsSync(readme) || linked.has(readme)) continue
    if (evidenceRows(readFileSync(readme, 'utf8')).length > 0) {
      problems.push(`docs/conformance/README.md: libs/${name}/README.md is not linked`)
    }
  }
}

/** All problems of the Markdown files below `root`, as `file:line: problem`. */
export function findProblems(root, files = markdownFiles(root)) {
  const problems = []
  for (const path of files) {
    const text = readFileSync(path, 'utf8')
    const report = (line, what) => problems.push(`${posix(relative(root, path))}:${line}: ${what}`)
    checkLinks({ path, text, report })
    checkEvidence({ root, path, text, report })
  }
  checkIndex(root, problems)
  return problems
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)))
  const files = markdownFiles(root)
  const problems = findProblems(root, files)
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  else console.log(`links and evidence hold in ${files.length} documents`)
}
