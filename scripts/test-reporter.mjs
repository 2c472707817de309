// A reporter for `node --test`: one line per test file, every failure in full, every skip by name, and the
// counts as JSON in the file named by IPSMGW_TEST_COUNTS, so that the test command need not parse prose.
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { inspect } from 'node:util'

const summaryLine = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/
// The runner reports a file as a test of its own only when no test in it was reported: it crashed or is empty.
const isFileWrapper = (data) =>
  data.nesting === 0 && data.line === 1 && data.column === 1 && data.name === data.file

const place = (data) => `${relative(process.cwd(), data.file ?? '')}:${data.line ?? 0}`

const indent = (text) => text.replace(/^/gm, '    ')

/** The cause of a failure without the runner's own wrapping. */
function reason(error) {
  const cause = error?.cause ?? error
  return indent(
    cause instanceof Error || typeof cause === 'object' ? inspect(cause, { depth: 4 }) : String(cause),
  )
}

function fileLine(data) {
  const { passed, tests, todo } = data.counts
  const skipped = data.counts.skipped + todo
  const failed = tests - passed - skipped
  const rest = [failed > 0 ? `${failed} failed` : '', skipped > 0 ? `${skipped} skipped` : '']
    .filter(Boolean)
    .join(', ')
  const mark = failed > 0 ? '✖' : '✔'
  const seconds = (data.duration_ms / 1000).toFixed(1)
  return `  ${mark} ${relative(process.cwd(), data.file)}: ${passed} passed${rest === '' ? '' : `, ${rest}`} (${seconds} s)\n`
}

/** Text of one event, or nothing. */
function describe({ type, data }) {
  switch (type) {
    case 'test:fail': {
      const isParent = data.details?.error?.failureType === 'subtestsFailed'
      return isParent || data.todo
        ? ''
        : `  ✖ ${data.name}\n    at ${place(data)}\n${reason(data.details?.error)}\n`
    }
    case 'test:pass':
      if (isFileWrapper(data))
        return `  ✖ ${relative(process.cwd(), data.file)}: there is no test in this file\n`
      return data.skip === undefined || data.skip === false
        ? ''
        : `  - skipped: ${data.name}: ${data.skip} (${place(data)})\n`
    case 'test:summary':
      return data.file === undefined ? '' : fileLine(data)
    case 'test:diagnostic':
      return summaryLine.test(data.message) ? '' : `    ${data.message}\n`
    case 'test:stdout':
    case 'test:stderr':
      return data.message
    default:
      return ''
  }
}

export default async function* report(events) {
  let counts = { tests: 0, passed: 0, failed: 0, skipped: 0 }
  let emptyFiles = 0
  for await (const event of events) {
    if (event.type === 'test:pass' && isFileWrapper(event.data)) emptyFiles += 1
    if (event.type === 'test:summary' && event.data.file === undefined) {
      const { tests, passed, skipped, todo } = event.data.counts
      const failed = tests - passed - skipped - todo + emptyFiles
      counts = { tests, passed: passed - emptyFiles, skipped: skipped + todo, failed }
    }
    const text = describe(event)
    if (text !== '') yield text
  }
  const path = process.env.IPSMGW_TEST_COUNTS
  if (path !== undefined) writeFileSync(path, JSON.stringify(counts))
}
