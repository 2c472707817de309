/** What a TP-PID means for the phone (TS 23.040 §9.2.3.9). */
export type ProtocolIdentifier =
  | { readonly kind: 'ordinary' }
  | { readonly kind: 'smeToSme'; readonly protocol: number }
  | { readonly kind: 'telematic'; readonly device: number; readonly name?: string }
  | { readonly kind: 'shortMessageType0' }
  | { readonly kind: 'replace'; readonly type: number }
  | { readonly kind: 'deviceTriggering' }
  | { readonly kind: 'enhancedMessageService' }
  | { readonly kind: 'returnCall' }
  | { readonly kind: 'ansi136RData' }
  | { readonly kind: 'meDataDownload' }
  | { readonly kind: 'meDepersonalization' }
  | { readonly kind: 'usimDataDownload' }
  | { readonly kind: 'serviceCentreSpecific'; readonly value: number }
  /** Phones treat it as ordinary. */
  | { readonly kind: 'reserved' }

const TELEMATIC_NAMES: Readonly<Record<number, string>> = {
  2: 'group 3 fax',
  4: 'voice',
  17: 'X.400',
  18: 'internet e-mail',
  31: 'any mobile',
}

const SINGLE_VALUES: Readonly<Record<number, ProtocolIdentifier>> = {
  0: { kind: 'ordinary' },
  64: { kind: 'shortMessageType0' },
  72: { kind: 'deviceTriggering' },
  94: { kind: 'enhancedMessageService' },
  95: { kind: 'returnCall' },
  124: { kind: 'ansi136RData' },
  125: { kind: 'meDataDownload' },
  126: { kind: 'meDepersonalization' },
  127: { kind: 'usimDataDownload' },
}

/** Reads any TP-PID. */
export function readProtocolIdentifier(pid: number): ProtocolIdentifier {
  const single = SINGLE_VALUES[pid]
  if (single !== undefined) return single
  if (pid < 0x20) return { kind: 'smeToSme', protocol: pid }
  if (pid < 0x40) return readTelematic(pid & 0x1f)
  if (pid <= 0x47) return { kind: 'replace', type: pid & 0x7 }
  return pid >= 0xc0 ? { kind: 'serviceCentreSpecific', value: pid & 0x3f } : { kind: 'reserved' }
}

function readTelematic(device: number): ProtocolIdentifier {
  const name = TELEMATIC_NAMES[device]
  return name === undefined ? { kind: 'telematic', device } : { kind: 'telematic', device, name }
}
