import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The files that take longest, longest first: begun last, one of them would run on alone. */
const longest = [
  'chaos/chaos',
  'failover/majority',
  'race/exchange',
  'example/bank',
  'race/oauth_crash',
  'race/crash',
  'race/redemption',
  'race/',
  'notification/outbox_crash',
  'notification/secrets',
  'protocol/oauth/oracles',
  'protocol/oauth/equivalence',
  'store/',
  'notification/',
]

/** Files of `longest` first; all that wait start before what only computes. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => rank(a) - rank(b))
  }
}

function rank({ moduleId }: TestSpecification): number {
  const index = longest.findIndex((part) => moduleId.includes(`/build/test/${part}`))
  return index === -1 ? longest.length : index
}
