import type { FuzzTarget } from '../target.ts'
import { cpim, imdn, multipart } from './bodies.ts'
import { diameter } from './diameter.ts'
import { map } from './map.ts'
import { msrp } from './msrp.ts'
import { m3ua, sccp, tcap } from './sigtran.ts'
import { sip } from './sip.ts'
import { sms } from './sms.ts'
import { uri } from './uri.ts'

/** Every decoder that reads what others wrote. */
export const TARGETS: readonly FuzzTarget[] = [
  sip,
  uri,
  cpim,
  multipart,
  imdn,
  msrp,
  sms,
  diameter,
  m3ua,
  sccp,
  tcap,
  map,
]
