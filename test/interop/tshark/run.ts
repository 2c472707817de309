import type { SubscriberSetting } from '@ipsmgw/test/lab'

/** Texts of every kind: 7 bit with extension, UCS2 with an emoji, one that fills its part, several parts. */
export const DELIVERED = [
  'A note in the default alphabet, worth 5 €',
  'Привет, увидимся в восемь 😀',
  'q'.repeat(160),
  `A long one: ${'the quick brown fox jumps over the lazy dog, '.repeat(7)}end`,
]
export const PARTS_DELIVERED = 6

/** What HLR and MSC may say instead. */
export const REFUSED: readonly SubscriberSetting[] = [
  { behaviour: 'absent' },
  { behaviour: 'absent', at: 'hss' },
  { behaviour: 'memory-full' },
  { behaviour: 'busy' },
  { behaviour: 'unknown' },
  { behaviour: 'unknown', at: 'node' },
  { behaviour: 'barred' },
  { behaviour: 'barred', at: 'node' },
  { behaviour: 'not-provisioned' },
  { behaviour: 'not-provisioned', at: 'node' },
  { behaviour: 'system-failure' },
  { behaviour: 'error', mapError: { code: 36 } },
  { behaviour: 'abort' },
  { behaviour: 'turn-away' },
  { behaviour: 'reject' },
  { behaviour: 'no-answer' },
]
