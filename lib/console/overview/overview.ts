import { readableDeferral, type Visit } from '../desk.js'
import { showOverview } from '../pages/overview.js'
import type { Route } from '../routes.js'
import { agesOf } from './ages.js'
import { daysOf, recent, speedsOf } from './days.js'

const mostFailures = 100

/** How many notifications failed, up to 100. */
async function failuresOf(visit: Visit): Promise<{ failed: number; isLeast: boolean }> {
  const { desk } = visit
  const listing = await desk.deferrals.notifications.list({ status: 'failed', limit: mostFailures })
  const isLeast = listing.cursor !== undefined
  if (!desk.options.mayRead) return { failed: listing.notifications.length, isLeast }
  const found = await Promise.all(listing.notifications.map(({ id }) => readableDeferral(visit, id)))
  return { failed: found.filter((deferral) => deferral !== undefined).length, isLeast }
}

async function overviewPage(visit: Visit): Promise<void> {
  const [ages, sample, failures] = await Promise.all([agesOf(visit), recent(visit), failuresOf(visit)])
  showOverview(visit, { ages, days: daysOf(sample, visit.desk.now()), ...speedsOf(sample), failures })
}

export const overviewRoutes: readonly Route[] = [{ method: 'GET', path: /^\/overview$/, handle: overviewPage }]
