// neighbours: linux.uml
import { test } from 'node:test'
import { passesInUml } from './guest.ts'

test('libs/sctp over the SCTP of a real kernel', (context) =>
  passesInUml('test/interop/sigtran/sctp.guest.ts', 2, context))
