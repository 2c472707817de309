import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../support/processes.ts'

const PAGE = 'docs/protocols/sip.md'
const POINTS = 13

/** Rows of the page's table of test points: number, and files that are said to hold the tests. */
function pointsOf(page: string): Map<number, string[]> {
  const section = page.slice(page.indexOf('## Test points'))
  const rows = [...section.matchAll(/^\| (\d+) \| .* \| (.*) \|$/gm)]
  return new Map(
    rows.map(([, number, cell = '']) => [
      Number(number),
      [...cell.matchAll(/\]\(([^)]+)\)/g)].map(([, path = '']) => join(dirname(PAGE), path)),
    ]),
  )
}

/** Numbers at the beginning of titles of tests and suites, templates included. */
function numberedTitles(source: string): Set<number> {
  return new Set(
    [...source.matchAll(/\b(?:test|describe)\(\s*['`](\d+)\. /g)].map(([, number]) => Number(number)),
  )
}

test(`docs/protocols/sip.md: each of the ${POINTS} test points is a test with its number in the files named`, () => {
  const points = pointsOf(readFileSync(join(ROOT, PAGE), 'utf8'))
  assert.deepEqual(
    [...points.keys()],
    Array.from({ length: POINTS }, (_, index) => index + 1),
  )
  for (const [number, files] of points) {
    assert.ok(files.length > 0, `point ${number} names no test`)
    for (const file of files)
      assert.ok(
        numberedTitles(readFileSync(join(ROOT, file), 'utf8')).has(number),
        `point ${number} in ${file}`,
      )
  }
})
