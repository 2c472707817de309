// neighbours: osmo-stp, linux.uml
import { test } from 'node:test'
import { passesInUml } from './guest.ts'

test('gateway and lab MSC as ASPs of a real STP over the SCTP of a real kernel', (context) =>
  passesInUml('test/interop/sigtran/delivery-sctp.guest.ts', 2, context))
