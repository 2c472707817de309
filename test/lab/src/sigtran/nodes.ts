import { decodeSccp, type SccpAddress } from '@ipsmgw/sccp'

/** A node of the lab's signalling network. */
export interface SignallingNode {
  /** For the log. */
  readonly identity: string
  readonly pointCode: number
  readonly subsystem: number
  /** Own E.164 digits. */
  readonly number: string
  /** What it is reached by; undefined: everything that its subsystem is asked for. */
  readonly numbers?: readonly string[]
}

/** What an STP's translation of global titles comes to: the node that a message is for. */
export function nodeFor<N extends SignallingNode>(nodes: Iterable<N>, data: Uint8Array): N | undefined {
  const { ssn, globalTitle } = calledOf(data)
  for (const node of nodes) {
    const isNamed = node.numbers?.includes(globalTitle?.digits ?? '') ?? true
    if (node.subsystem === ssn && isNamed) return node
  }
  return undefined
}

/** The global title by which a message is addressed. */
export function numberIn(data: Uint8Array): string | undefined {
  return calledOf(data).globalTitle?.digits
}

function calledOf(data: Uint8Array): Partial<Pick<SccpAddress, 'ssn' | 'globalTitle'>> {
  try {
    return decodeSccp(data).called
  } catch {
    // Nobody can be found for it: the STP's own SCCP counts it.
    return {}
  }
}
