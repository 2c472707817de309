/** Stream 0 is for management; one SLS keeps its stream and so its order (RFC 4666 §1.4.7). */
export function streamOf(sls: number, streams: number): number {
  return streams > 1 ? 1 + (sls % (streams - 1)) : 0
}
