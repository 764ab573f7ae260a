import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The files that take longest, longest first: begun last, one of them would run on alone. */
const longest = [
  'chaos/chaos',
  'failover/majority',
  'example/bank',
  'race/crash',
  'race/oauth_crash',
  'race/redemption',
  'race/',
  'store/',
  'mongodb/store/',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => rank(a) - rank(b))
  }
}

function rank({ moduleId }: TestSpecification): number {
  const index = longest.findIndex((part) => moduleId.includes(`/build/test/${part}`))
  return index === -1 ? longest.length : index
}
