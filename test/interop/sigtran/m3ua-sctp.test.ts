// neighbours: osmo-stp, linux.uml
import { test } from 'node:test'
import { passesInUml } from './guest.ts'

test('M3UA over the SCTP of a real kernel, through a real STP', (context) =>
  passesInUml('test/interop/sigtran/m3ua-sctp.guest.ts', 9, context))
