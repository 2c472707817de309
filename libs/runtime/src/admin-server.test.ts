import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createLogger, createRegistry } from '@ipsmgw/telemetry'
import { createAdminServer } from './admin-server.ts'

function setUp() {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const logger = createLogger({ service: 'test', level: 'info', destination })
  const server = createAdminServer(
    { host: '127.0.0.1', port: 0, version: '1.2.3' },
    {
      registry: createRegistry('test', '1.2.3'),
      logger,
      alive: () => true,
      readiness: () => ({ ready: false, parts: { kafka: 'no broker answers' } }),
    },
  )
  return { server, logger, lines }
}

describe('admin server', () => {
  test('the log level is told and changed while the process runs', async () => {
    const { server, logger, lines } = setUp()
    logger.debug({}, 'before')
    assert.deepEqual((await server.inject('/log-level')).json(), { level: 'info' })
    const put = await server.inject({ method: 'PUT', url: '/log-level', body: { level: 'debug' } })
    assert.deepEqual(put.json(), { level: 'debug' })
    logger.debug({}, 'after')
    const said = lines.map((line) => (JSON.parse(line) as { msg: string }).msg)
    assert.deepEqual(said, ['log level changed', 'after'])
  })

  test('a level that is none is refused and changes nothing', async () => {
    const { server, logger } = setUp()
    for (const body of [{ level: 'loud' }, {}, 'debug'])
      assert.equal((await server.inject({ method: 'PUT', url: '/log-level', body })).statusCode >= 400, true)
    assert.equal(logger.level, 'info')
  })

  test('readiness names what is missing, with 503', async () => {
    const { server } = setUp()
    const answer = await server.inject('/readyz')
    assert.equal(answer.statusCode, 503)
    assert.deepEqual(answer.json(), { ready: false, parts: { kafka: 'no broker answers' } })
  })
})
