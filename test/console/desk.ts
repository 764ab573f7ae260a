import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import mount from 'koa-mount'
import { type DeferralStore, memoryStore, type NotificationRecord, type Stored } from 'oidc-provider-deferred'
import { type ConsoleOptions, createConsole } from 'oidc-provider-deferred/console'
import { createDeferral, type TestDeferral } from 'oidc-provider-deferred/testing'
import { startProvider, type TestOptions, type TestProvider } from '../support/provider.js'

/** Who works at the console of these tests. The cookie `staff` says who is there. */
export const staff = [
  { id: 'kim', name: 'Kim Park' },
  { id: 'robin', name: 'Robin Vale' },
  { id: 'alice', name: 'Alice Moreau' },
]

/** A request to review, and what `defer` says about it. */
export interface Request extends Partial<TestDeferral> {
  title?: string
  queue?: string
  quorum?: number
  /** seconds */
  dueIn?: number
  notification?: NotificationRecord
  ping?: NotificationRecord
}

/** A console over a real provider with the memory store, at `/desk`. */
export interface TestDesk {
  op: TestProvider
  /** the address of the console, with a slash at the end */
  url: string
  /** adds a request */
  add(request?: Request): Promise<string>
  /** a page, as this operator sees it */
  get(path?: string, who?: string): Promise<Response>
  /** sends a form, as the console's own page would */
  post(path: string, form: Record<string, string> | URLSearchParams, who?: string, headers?: object): Promise<Response>
  close(): Promise<void>
}

const cookie = (who: string) => (who ? { cookie: `staff=${who}` } : {})

/** The operator in the cookie. */
export const authenticate: ConsoleOptions['authenticate'] = (ctx) =>
  staff.find(({ id }) => id === ctx.cookies.get('staff'))

function requestsOf(url: string): Pick<TestDesk, 'get' | 'post'> {
  return {
    get: (path = '', who = 'kim') => fetch(url + path, { headers: cookie(who), redirect: 'manual' }),
    post: (path, form, who = 'kim', headers = {}) =>
      fetch(url + path, {
        method: 'POST',
        body: new URLSearchParams(form),
        redirect: 'manual',
        headers: { 'sec-fetch-site': 'same-origin', ...cookie(who), ...headers },
      }),
  }
}

async function adder(op: TestProvider, store: DeferralStore) {
  return async ({ title, queue, quorum, dueIn, notification, ping, ...request }: Request = {}) => {
    const { id } = await createDeferral(op.provider, { clientId: 'secret', accountId: 'alex', ...request })
    const now = op.clock.now()
    const before = (await store.find(id, now)) as Stored
    const dueAt = dueIn === undefined ? undefined : new Date(now.getTime() + dueIn * 1000)
    const members = Object.entries({ title, queue, quorum, dueAt, notification, ping }).filter(
      ([, value]) => value !== undefined,
    )
    await store.swap(before, { after: { ...before, ...Object.fromEntries(members) } }, 'a write of the test', now)
    return id
  }
}

/** Mounts a console with koa-mount. */
export const byKoa =
  (desk: Koa, path: string): RequestListener =>
  (req, res) => {
    const app = new Koa()
    app.silent = true
    app.use(mount(path, desk))
    app.callback()(req, res)
  }

/** Mounts the console in an application that records its errors. */
export function mountRecordingErrors(faults: unknown[]) {
  return (desk: Koa, path: string) => {
    const app = new Koa()
    app.on('error', (error) => faults.push(error))
    app.use(mount(path, desk))
    return app.callback()
  }
}

/** Starts a console. `by` mounts it at `path`. */
export async function startDesk(
  options: Partial<ConsoleOptions> = {},
  {
    path = '/desk',
    by = byKoa,
    ...test
  }: TestOptions & { path?: string; by?: (desk: Koa, path: string) => RequestListener } = {},
): Promise<TestDesk> {
  const store = test.deferred?.store ?? memoryStore()
  const op = await startProvider({ ...test, deferred: { store, ...test.deferred } })
  const desk = createConsole(op.provider, { authenticate, now: op.clock.now, ...options })
  const server = createServer(by(desk, path)).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}/`
  return {
    op,
    url,
    add: await adder(op, store),
    ...requestsOf(url),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await op.close()
    },
  }
}

/** The state that a page of a request carries. */
export function revisionIn(html: string): string {
  return /name="revision" value="([^"]+)"/.exec(html)?.[1] ?? ''
}
