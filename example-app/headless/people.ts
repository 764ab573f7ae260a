import type { Bank } from '../start.js'
import { type Browser, createBrowser, type Shown } from './browser.js'
import { expectPage } from './expect.js'
import type { Recorder } from './recorder.js'

/** A customer of the bank. */
export interface Customer {
  browser: Browser
  /** Signs in, shows the sample passport, confirms, and comes back to the bank. */
  ask(): Promise<Shown>
  look(path?: '/account' | '/banking'): Promise<Shown>
  /** Signs in and expects a page with this heading. */
  signIn(heading: string): Promise<Shown>
}

export function createCustomer({ origins }: Bank, recorder: Recorder, account: string): Customer {
  const browser = createBrowser(recorder.fetchAs('Browser'))
  async function ask(): Promise<Shown> {
    const home = await browser.open(origins.relyingParty)
    const signIn = expectPage(await browser.submit(home, '/account'), 'Sign in')
    const evidence = expectPage(
      await browser.submit(signIn, '/sign-in', { account, password: 'anything' }),
      'Show a document',
    )
    const confirm = expectPage(await browser.submit(evidence, '/evidence', { sample: 'yes' }), 'Confirm your request')
    return expectPage(await browser.submit(confirm, '/confirm'), 'We are checking your document')
  }
  async function enter(heading: string): Promise<Shown> {
    const home = await browser.open(origins.relyingParty)
    const signIn = expectPage(await browser.submit(home, '/banking'), 'Sign in')
    const confirm = await browser.submit(signIn, '/sign-in', { account, password: 'anything' })
    return expectPage(await browser.submit(expectPage(confirm, 'Confirm your request'), '/confirm'), heading)
  }
  return { browser, ask, signIn: enter, look: (path = '/account') => browser.open(`${origins.relyingParty}${path}`) }
}

type Action = 'unvote' | 'interaction' | 'deny' | 'progress'

/** What a reviewer does not leave as the client asked for it. */
interface Approval {
  /** Rights to untick. */
  without?: string[]
  amount?: string
  note?: string
}

/** A reviewer who is signed in at the desk. */
export interface Reviewer {
  /** Opens the newest pending request. */
  open(): Promise<Shown>
  look(url: string | URL): Promise<Shown>
  /** Submits a form as it is. */
  press(page: Shown, action: 'replay'): Promise<Shown>
  /** Opens the newest pending request and submits one of its forms. */
  decide(action: Action, fields?: Record<string, string>): Promise<Shown>
  /** Opens the newest pending request, approves it and confirms that. */
  approve(approval?: Approval): Promise<Shown>
}

/** The scopes that stay ticked. The form names them by their place. */
function scopesWithout({ text }: Shown, labels: readonly string[]): string[] {
  const boxes = [...text.matchAll(/name="scope" value="(\d+)"[^>]*>\s*<span><strong>(?:<bdi>)?([^<]*)/g)]
  return boxes.flatMap(([, value, label]) => (labels.includes(label!) ? [] : value!))
}

export async function createReviewer({ origins }: Bank, recorder: Recorder, id = 'robin'): Promise<Reviewer> {
  const browser = createBrowser(recorder.fetchAs('Reviewer'))
  const door = expectPage(await browser.open(origins.desk), 'Reviewers sign in here')
  expectPage(await browser.submit(door, '/sign-in', { reviewer: id, password: 'harbour' }), 'Requests')
  async function open(): Promise<Shown> {
    const queue = expectPage(await browser.open(`${origins.desk}/requests/?order=newest`), 'Requests')
    const link = /href="(deferrals\/[\w-]+)/.exec(queue.text)?.[1]
    if (!link) throw new Error('the queue is empty')
    return browser.open(new URL(link, queue.url))
  }
  async function approve({ without = [], amount, note = '' }: Approval = {}): Promise<Shown> {
    const page = await open()
    const scope = scopesWithout(page, without)
    const fields = { scope, note, ...(amount && { 'detail-0-amount': amount }) }
    const question = expectPage(await browser.submit(page, '/approve', fields), 'Approve this request?')
    return browser.submit(question, '/approve')
  }
  return {
    open,
    look: browser.open,
    press: (page, action) => browser.submit(page, `/${action}`),
    decide: async (action, fields) => browser.submit(await open(), `/${action}`, fields),
    approve,
  }
}
