import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, suite, test } from 'node:test'
import { anchorsOf, evidenceRows, findProblems, linksOf, pathsOf } from './check-docs.mjs'

const folders = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function project(files) {
  const root = mkdtempSync(join(tmpdir(), 'docs-'))
  folders.push(root)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

const table = (...rows) => ['| element | status | evidence |', '| --- | --- | --- |', ...rows].join('\n')

suite('documents', () => {
  test('links that resolve, addresses of the web and links in code are no problem', () => {
    const root = project({
      'README.md':
        '[a](docs/a.md#second-part) [web](https://example.com/x) `[no](nowhere)`\n```\n[no](nowhere)\n```\n![p](docs/p.svg)',
      'docs/a.md': '# A\n## Second part\n[up](../README.md)',
      'docs/p.svg': '<svg/>',
    })
    assert.deepEqual(findProblems(root), [])
  })

  test('a link that leads nowhere is named with file and line', () => {
    const root = project({ 'README.md': 'text\n\n[a](gone.md) and [b](#no-such)\n# Such' })
    assert.deepEqual(findProblems(root), [
      "README.md:3: the link 'gone.md' leads nowhere",
      "README.md:3: no heading gives the anchor '#no-such' in this file",
    ])
  })

  test('evidence may be relative to the README, its src or the root, and may hold a star', () => {
    const rows = table(
      '| A | implemented | `src/a.test.ts`, `a.ts` |',
      '| B | partial: no C | `test/vectors/x*.json` |',
      '| C | none | |',
    )
    const root = project({
      'libs/sip/README.md': rows,
      'libs/sip/src/a.test.ts': '',
      'libs/sip/src/a.ts': '',
      'test/vectors/x-1.json': '',
      'docs/conformance/README.md': '[sip](../../libs/sip/README.md)',
    })
    assert.deepEqual(findProblems(root), [])
  })

  test('evidence that does not exist, none at all, and a word of its own are problems', () => {
    const rows = table(
      '| A | implemented | `src/gone.test.ts` |',
      '| B | partial | see the code |',
      '| C | done | `src/a.ts` |',
    )
    const root = project({ 'libs/sip/README.md': rows, 'libs/sip/src/a.ts': '' })
    assert.deepEqual(findProblems(root), [
      "libs/sip/README.md:3: the evidence 'src/gone.test.ts' does not exist",
      "libs/sip/README.md:4: 'partial' without a path as evidence",
      "libs/sip/README.md:5: status 'done' is none of: implemented, partial, syntax only, none",
    ])
  })

  test('a conformance table that the table of tables does not link is a problem, a README without one is not', () => {
    const root = project({
      'libs/sip/README.md': table('| A | none | |'),
      'libs/bus/README.md': '# bus',
      'docs/conformance/README.md': '# none',
    })
    assert.deepEqual(findProblems(root), ['docs/conformance/README.md: libs/sip/README.md is not linked'])
  })

  test('links are found inline, as image and as reference', () => {
    const found = linksOf('[![badge](b.svg)](b.md) [x](<c.md> "title")\n[ref]: d.md')
    assert.deepEqual(
      found.map(({ target }) => target),
      ['b.md', 'c.md', 'd.md'],
    )
  })

  test('anchors follow the headings, repeated ones numbered', () => {
    assert.deepEqual(
      [...anchorsOf('# `npm start`, twice\n## A\n## A\n```\n# no\n```')],
      ['npm-start-twice', 'a', 'a-1'],
    )
  })

  test('a bar inside a cell does not shift the columns', () => {
    assert.equal(evidenceRows(table('| a \\| b | none | - |'))[0]?.status, 'none')
  })

  test('paths lose line numbers and anchors; prose is no path', () => {
    assert.deepEqual(pathsOf('`src/a.ts:12`, [b](src/b.test.ts#x), 2 tests'), ['src/a.ts', 'src/b.test.ts'])
  })
})
