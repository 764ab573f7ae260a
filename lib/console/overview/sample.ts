import type { Deferral, ListQuery } from '../../index.js'
import type { Visit } from '../desk.js'
import { onlyReadable } from '../readable_page.js'

const pageSize = 100
const mostPages = 5

/** Some deferrals, and whether there are more of them. */
export interface Sample {
  deferrals: Deferral[]
  isPartial: boolean
}

/** The first 500 of a list, those that the operator may read. */
export async function sampleOf(visit: Visit, query: ListQuery): Promise<Sample> {
  const { desk } = visit
  const all: Deferral[] = []
  let cursor: string | undefined
  for (let page = 0; page < mostPages && (page === 0 || cursor !== undefined); page++) {
    const listing = await desk.deferrals.list({ ...query, limit: pageSize, ...(cursor !== undefined && { cursor }) })
    all.push(...listing.deferrals)
    cursor = listing.cursor
  }
  const readable = await onlyReadable(visit, all)
  return { deferrals: readable.map(({ deferral }) => deferral), isPartial: cursor !== undefined }
}
