import type { Context } from 'koa'
import type { Provider } from 'oidc-provider'
import type { Deferral, Reviewed } from '../index.js'
import { type Assets, createAssets } from './assets.js'
import { type ClientNames, clientNames } from './client_names.js'
import { colourSheet } from './colours.js'
import { display } from './display.js'
import { orReport } from './faults.js'
import { type Filter, isId } from './filter.js'
import { createFeed, type Feed } from './live/feed.js'
import { checkOptions, checkProvider } from './option_checks.js'
import type { ConsoleOptions, Operator } from './options.js'

/** One console: what all of its pages need. */
export interface Desk {
  deferrals: Provider['deferrals']
  options: ConsoleOptions
  brand: string
  assets: Assets
  clientName: ClientNames
  feed: Feed
  now(): Date
}

/** One request of a browser, by somebody who has signed in. */
export interface Visit {
  ctx: Context
  desk: Desk
  operator: Operator
  /** the filter in the URL */
  filter: Filter
  /** the relative URL of the queue: `./`, `../` ... */
  root: string
}

/** Who reads, and where a fault goes. */
export type Reader = Pick<Visit, 'ctx' | 'desk' | 'operator'>

/** Checks the options. */
export function createDesk(provider: Provider, options: ConsoleOptions): Desk {
  checkProvider(provider)
  checkOptions(options)
  const { brand = {}, now = () => new Date() } = options
  return {
    deferrals: provider.deferrals,
    options,
    brand: brand.name ?? 'Requests',
    assets: createAssets(colourSheet(brand.colours ?? {})),
    clientName: clientNames(provider),
    feed: createFeed(provider),
    now,
  }
}

/**
 * The way from this page to the queue. Links and redirects are relative to the page: so they hold below every prefix, and behind a
 * proxy that takes one away.
 */
export function rootOf({ path }: Context): string {
  return '../'.repeat(path.split('/').length - 2) || './'
}

/** Why this operator may not decide this deferral; `undefined`: they may. */
export async function obstacleTo(
  { ctx, desk }: Pick<Visit, 'ctx' | 'desk'>,
  operator: Operator,
  deferral: Deferral,
): Promise<string | undefined> {
  const { mayDecide } = desk.options
  if (!mayDecide) {
    return operator.id === deferral.accountId ? 'this request is about your own account' : undefined
  }
  // one request that the integrator's code does not understand must not hide all others
  return orReport(
    ctx,
    async () => obstacleIn(await mayDecide(operator, deferral)),
    'whether you may decide this request could not be found out',
  )
}

function obstacleIn(permission: unknown): string | undefined {
  // anything but `true` is no permission
  if (permission === true) return undefined
  return typeof permission === 'string' && permission ? display(permission) : 'you have no right to decide this request'
}

/** Whether this operator may read this deferral; `undefined` if `mayRead` throws. Callers hide it then, too. */
export async function isReadable({ ctx, desk, operator }: Reader, deferral: Deferral): Promise<boolean | undefined> {
  const { mayRead } = desk.options
  if (mayRead === undefined) return true
  // an error page would show that the deferral exists
  return orReport(ctx, async () => (await mayRead(operator, deferral)) === true, undefined)
}

/** The deferral with this id; `undefined` for an unknown one, and for one that this operator may not read. */
export async function readableDeferral(reader: Reader, id: string): Promise<Reviewed | undefined> {
  const deferral = isId(id) ? await reader.desk.deferrals.get(id) : undefined
  return deferral && (await isReadable(reader, deferral)) ? deferral : undefined
}
