// Runs in a network of its own, where `dropped-packets.test.ts` starts it: its filter ends with it.
import { execFileSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { TwoHsss } from './two-hss.ts'

describe('RFC 3539, RFC 6733 §5.5.4: two HSSs behind one realm, and the packets of one are lost under load', () => {
  const hsss = new TwoHsss()
  before(() => hsss.start())
  after(() => hsss.stop())

  /** No packet to or from the first HSS arrives any more, and nobody is told. */
  const filter = (action: '--insert' | '--delete') => {
    for (const side of ['--dport', '--sport'])
      execFileSync('iptables', [action, 'INPUT', '-p', 'tcp', side, String(hsss.port), '-j', 'DROP'])
  }

  test('silent, without a reset or an acknowledgement: each request moves after its attempt, and traffic returns', () =>
    hsss.throughFailure(
      () => filter('--insert'),
      () => filter('--delete'),
    ))
})
