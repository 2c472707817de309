// neighbours: linux.uml, freeDiameterd
import { test } from 'node:test'
import { passesInUml } from '../sigtran/guest.ts'

test('Diameter over the SCTP of a real kernel: lab HSS, and freeDiameter as agent', (context) =>
  passesInUml('test/interop/diameter/sctp.guest.ts', 7, context))
