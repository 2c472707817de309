import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { complete, missingEntries } from './complete-lockfile.mjs'

const lock = {
  lockfileVersion: 3,
  packages: {
    '': { devDependencies: { tool: '1.0.0' } },
    'node_modules/tool': {
      version: '1.0.0',
      dev: true,
      dependencies: { inner: '2.0.0' },
      optionalDependencies: { '@tool/cli-linux-x64-musl': '1.0.0', '@tool/cli-darwin-arm64': '1.0.0' },
    },
    'node_modules/tool/node_modules/inner': { version: '2.0.0', dependencies: { tool: '1.0.0' } },
  },
}

suite('lockfile', () => {
  test('packages of other platforms that npm left out are found, nested ones are not missed', () => {
    assert.deepEqual(
      missingEntries(lock).map(({ name }) => name),
      ['@tool/cli-linux-x64-musl', '@tool/cli-darwin-arm64'],
    )
  })

  test('they are added with the platform that their name carries', () => {
    const { packages } = complete(lock)
    const entry = { version: '1.0.0', cpu: ['x64'], dev: true, libc: ['musl'], optional: true, os: ['linux'] }
    assert.deepEqual(packages['node_modules/@tool/cli-linux-x64-musl'], entry)
    assert.deepEqual(missingEntries(complete(lock)), [])
  })

  test('a package that is not of another platform is never invented', () => {
    const broken = {
      packages: { '': {}, 'node_modules/a': { version: '1.0.0', dependencies: { b: '1.0.0' } } },
    }
    assert.throws(
      () => complete(broken),
      /node_modules\/a needs b, which the lockfile lacks: run npm install/,
    )
  })
})
