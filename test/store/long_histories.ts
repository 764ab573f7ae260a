import type { StoredEntry } from 'oidc-provider-deferred'
import { start } from './new_deferral.js'

/** So many entries of each event, in this order. */
export type Counts = [event: string, count: number][]

/** Histories that one more entry is appended to, and the `writeId` of the entry that goes: the number of its place. */
export const cases: [name: string, counts: Counts, removed: number | undefined][] = [
  ['199 entries stay', [['progress', 199]], undefined],
  ['of 200 the oldest progress goes', [['progress', 200]], 0],
  [
    'of 200 the oldest assignment goes',
    [
      ['created', 1],
      ['extended', 3],
      ['assigned', 2],
      ['extended', 194],
    ],
    4,
  ],
  [
    'of 200 the oldest end of an assignment goes',
    [
      ['approved', 5],
      ['unassigned', 1],
      ['extended', 194],
    ],
    5,
  ],
  [
    'a comment goes after progress',
    [
      ['commented', 100],
      ['progress', 100],
    ],
    100,
  ],
  [
    'the oldest comment goes where there is no progress',
    [
      ['extended', 20],
      ['commented', 180],
    ],
    20,
  ],
  [
    'the newest 50 stay, the new one among them',
    [
      ['extended', 151],
      ['progress', 49],
    ],
    undefined,
  ],
  [
    'the 51st newest goes',
    [
      ['extended', 150],
      ['progress', 50],
    ],
    150,
  ],
  ['others stay up to a thousand', [['extended', 999]], undefined],
  [
    'of more the oldest goes',
    [
      ['created', 1],
      ['extended', 999],
    ],
    1,
  ],
  [
    'but never a decision or a cancellation',
    [
      ['approved', 600],
      ['denied', 200],
      ['cancelled', 200],
    ],
    undefined,
  ],
  [
    'nor creation and redemption',
    [
      ['created', 1],
      ['redeemed', 1],
      ['notified', 998],
    ],
    2,
  ],
]

/** A history of these entries. */
export function historyOf(counts: Counts): StoredEntry[] {
  const events = counts.flatMap(([event, count]) => Array<string>(count).fill(event))
  return events.map((event, nth) => ({ at: start, event, writeId: `${nth}` }))
}

/** The places of the entries that stay. */
export function placesLeft(counts: Counts, removed: number | undefined): string[] {
  return historyOf(counts).flatMap(({ writeId }, nth) => (nth === removed ? [] : [writeId]))
}
