import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, suite, test } from 'node:test'
import { findProblems, importsOf, splitSpecifier } from './check-levels.mjs'

const folders = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A repository on disk: package folder -> { dependencies, files }. */
function repository(packages) {
  const root = mkdtempSync(join(tmpdir(), 'levels-'))
  folders.push(root)
  writeFileSync(join(root, 'package.json'), JSON.stringify({ devDependencies: { typescript: '1.0.0' } }))
  for (const [
    folder,
    { dependencies = [], exports: entries = { '.': './src/index.ts' }, files = {} },
  ] of Object.entries(packages)) {
    const manifest = {
      name: `@ipsmgw/${folder.split('/').at(-1)}`,
      version: '0.1.0',
      exports: entries,
      dependencies: Object.fromEntries(dependencies.map((name) => [name, '0.1.0'])),
    }
    for (const [path, text] of Object.entries({
      'package.json': JSON.stringify(manifest),
      'src/index.ts': '',
      ...files,
    })) {
      mkdirSync(dirname(join(root, folder, path)), { recursive: true })
      writeFileSync(join(root, folder, path), text)
    }
  }
  return root
}

const using = (name) => `import { x } from '${name}'\nexport const y = x\n`

suite('import levels', () => {
  test('a library may import a lower one that it declares', () => {
    const root = repository({
      'libs/bytes': {},
      'libs/sip': { dependencies: ['@ipsmgw/bytes'], files: { 'src/index.ts': using('@ipsmgw/bytes') } },
    })
    assert.deepEqual(findProblems(root), [])
  })

  const wrong = [
    {
      title: 'a library may not import a higher one',
      packages: {
        'libs/bytes': {
          dependencies: ['@ipsmgw/sip'],
          files: { 'src/index.ts': `\n${using('@ipsmgw/sip')}` },
        },
        'libs/sip': {},
      },
      says: /^libs\/bytes\/src\/index\.ts:2: libs\/bytes may not import '@ipsmgw\/sip'; sip stands above bytes/,
    },
    {
      title: 'the lower protocol layer comes before the higher',
      packages: {
        'libs/tcap': { dependencies: ['@ipsmgw/map'], files: { 'src/index.ts': using('@ipsmgw/map') } },
        'libs/map': {},
      },
      says: /map stands above tcap/,
    },
    {
      title: 'a service never imports a service',
      packages: {
        'services/records': {
          dependencies: ['@ipsmgw/correlation'],
          files: { 'src/index.ts': using('@ipsmgw/correlation') },
        },
        'services/correlation': {},
      },
      says: /a service never imports a service/,
    },
    {
      title: 'a library never imports a service',
      packages: {
        'libs/bus': {
          dependencies: ['@ipsmgw/records'],
          files: { 'src/index.ts': using('@ipsmgw/records') },
        },
        'services/records': {},
      },
      says: /a library never imports a service/,
    },
    {
      title: 'an import must be declared',
      packages: { 'libs/bytes': {}, 'libs/sip': { files: { 'src/index.ts': using('@ipsmgw/bytes') } } },
      says: /^libs\/sip\/src\/index\.ts:1: '@ipsmgw\/bytes' is imported but not declared; add it to dependencies of libs\/sip\/package\.json/,
    },
    {
      title: 'a development tool of the root is no run-time dependency',
      packages: { 'libs/sip': { files: { 'src/index.ts': using('typescript') } } },
      says: /'typescript' is imported but not declared/,
    },
    {
      title: 'a declared package must be imported',
      packages: { 'libs/bytes': {}, 'libs/sip': { dependencies: ['@ipsmgw/bytes'] } },
      says: /^libs\/sip\/package\.json: '@ipsmgw\/bytes' is declared but never imported; remove it/,
    },
    {
      title: 'a deep import is refused',
      packages: {
        'libs/bytes': {},
        'libs/sip': {
          dependencies: ['@ipsmgw/bytes'],
          files: { 'src/index.ts': using('@ipsmgw/bytes/src/reader.ts') },
        },
      },
      says: /'@ipsmgw\/bytes\/src\/reader\.ts' reaches into a package; import @ipsmgw\/bytes,/,
    },
    {
      title: 'a relative import may not leave the package',
      packages: {
        'libs/bytes': {},
        'libs/sip': { files: { 'src/index.ts': using('../../bytes/src/index.ts') } },
      },
      says: /leaves the package/,
    },
    {
      title: 'the source of a service needs no chore of the repository',
      packages: {
        'services/cli': { files: { 'src/index.ts': "import '../../../scripts/setup.mjs'\n" } },
      },
      says: /'..\/..\/..\/scripts\/setup.mjs' leaves the package/,
    },
    {
      title: 'a library without a level is refused',
      packages: { 'libs/utils': {} },
      says: /this library has no level/,
    },
    {
      title: 'nothing imports the test package',
      packages: {
        'services/records': {
          dependencies: ['@ipsmgw/test'],
          files: { 'src/index.ts': using('@ipsmgw/test') },
        },
        test: {},
      },
      says: /nothing imports the test package/,
    },
    {
      title: 'a cycle through the composing service is named as a ring',
      packages: {
        'services/standalone': {
          dependencies: ['@ipsmgw/records'],
          files: { 'src/index.ts': using('@ipsmgw/records') },
        },
        'services/records': {
          dependencies: ['@ipsmgw/standalone'],
          files: { 'src/index.ts': using('@ipsmgw/standalone') },
        },
      },
      says: /packages import each other: @ipsmgw\/records -> @ipsmgw\/standalone -> @ipsmgw\/records/,
    },
  ]
  for (const { title, packages, says } of wrong) {
    test(title, () => {
      const problems = findProblems(repository(packages))
      assert.ok(
        problems.some((problem) => says.test(problem)),
        problems.join('\n') || 'no problem found',
      )
    })
  }

  test('standalone may import services, tests may import everything, vectors lie outside the package', () => {
    const root = repository({
      'libs/sip': {
        files: {
          'src/sip.test.ts':
            "import v from '../../../test/vectors/v.json' with { type: 'json' }\nimport ts from 'typescript'\n",
        },
      },
      'services/records': {},
      'services/standalone': {
        dependencies: ['@ipsmgw/records'],
        files: { 'src/index.ts': using('@ipsmgw/records') },
      },
      test: { dependencies: ['@ipsmgw/records'], files: { 'e2e/a.test.ts': using('@ipsmgw/records') } },
    })
    assert.deepEqual(findProblems(root), [])
  })

  test('a command and a test may use the chores of the repository', () => {
    const root = repository({
      'services/cli': { files: { 'bin/cli.mjs': "import '../../../scripts/setup.mjs'\n" } },
      test: { files: { 'interop/a.test.ts': "import '../../scripts/kafka.ts'\n" } },
    })
    assert.deepEqual(findProblems(root), [])
  })

  test('import statements are found in every form, with their line, and not in comments or strings', () => {
    const text = [
      "import type { A } from 'a'",
      "// import 'no'",
      'const s = "import \'no\'"',
      "export * from 'b'",
      "const c = await import('c')",
      "import 'd'",
    ].join('\n')
    assert.deepEqual(importsOf(text), [
      { specifier: 'a', line: 1 },
      { specifier: 'b', line: 4 },
      { specifier: 'c', line: 5 },
      { specifier: 'd', line: 6 },
    ])
  })

  test('a specifier splits into package and entry', () => {
    assert.deepEqual(splitSpecifier('@ipsmgw/test/lab'), ['@ipsmgw/test', './lab'])
    assert.deepEqual(splitSpecifier('pino'), ['pino', '.'])
  })
})
