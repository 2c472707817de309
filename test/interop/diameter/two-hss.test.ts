import { after, before, describe, test } from 'node:test'
import { TwoHsss } from './two-hss.ts'

describe('RFC 3539, RFC 6733 §5.5.4: two HSSs behind one realm, and one of them fails under load', () => {
  const hsss = new TwoHsss()
  before(() => hsss.start())
  after(() => hsss.stop())

  test('killed: what it had is asked elsewhere at once, and it comes back after three watchdogs', () =>
    hsss.throughFailure(
      () => hsss.kill(),
      () => hsss.startAgain(),
    ))

  test('frozen, its kernel alive: each request moves after its attempt, the watchdog leaves the peer', () =>
    hsss.throughFailure(
      () => hsss.signal('SIGSTOP'),
      () => hsss.signal('SIGCONT'),
    ))
})
