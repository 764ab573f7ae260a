import type { Deferral, ListQuery } from '../../index.js'
import { isReadable, type Visit } from '../desk.js'

const pageSize = 100
const mostPages = 5

/** Some deferrals, and whether there are more of them. */
export interface Sample {
  deferrals: Deferral[]
  isPartial: boolean
}

/** The first 500 of a list, those that the operator may read. */
export async function sampleOf({ desk, operator }: Visit, query: ListQuery): Promise<Sample> {
  const all: Deferral[] = []
  let cursor: string | undefined
  for (let page = 0; page < mostPages && (page === 0 || cursor !== undefined); page++) {
    const listing = await desk.deferrals.list({ ...query, limit: pageSize, ...(cursor !== undefined && { cursor }) })
    all.push(...listing.deferrals)
    cursor = listing.cursor
  }
  const readable = await Promise.all(all.map((deferral) => isReadable(desk, operator, deferral)))
  return { deferrals: all.filter((_, index) => readable[index]), isPartial: cursor !== undefined }
}
