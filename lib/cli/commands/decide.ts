import type { Deferrals } from '../../back_office/deferrals.js'
import type { Deferral, Transition } from '../../index.js'
import type { Call, Command, Option } from '../command.js'
import { isConfirmed } from '../confirmation.js'
import { officeOf } from '../deployment.js'
import { exitCodes } from '../failure.js'
import type { Values } from '../values.js'
import { report } from './change.js'
import { read } from './show.js'

const by: Option = { value: 'NAME', isRequired: true, says: 'who decides' }
const note: Option = { value: 'TEXT', says: 'for colleagues, the client never gets it' }

type Decide = (office: Deferrals, call: Call) => Promise<Transition>

/** Approves as requested, or votes. */
export const approve: Command = {
  says: 'approve a pending deferral as it was requested; with a quorum it is a vote',
  hasId: true,
  asks: true,
  options: { by, note },
  run: (call) => decide(call, 'approve', (office, { id, values }) => office.approve(id, actorOf(values))),
}

/** Denies. */
export const deny: Command = {
  says: 'deny a pending deferral',
  hasId: true,
  asks: true,
  options: { by, reason: { value: 'TEXT', isRequired: true, says: 'the client gets it' }, note },
  run: (call) =>
    decide(call, 'deny', (office, { id, values }) =>
      office.deny(id, { ...actorOf(values), description: values.needed('reason') }),
    ),
}

/** Cancels, also what was approved and not redeemed. */
export const cancel: Command = {
  says: 'cancel a deferral that is pending, or approved and not redeemed',
  hasId: true,
  asks: true,
  options: { by: { value: 'NAME', isRequired: true, says: 'who cancels' } },
  run: (call) => decide(call, 'cancel', (office, { id, values }) => office.cancel(id, { by: values.needed('by') })),
}

function actorOf(values: Values): { by: string; note?: string } {
  const note = values.text('note')
  return { by: values.needed('by'), ...(note !== undefined && { note }) }
}

async function decide(call: Call, verb: string, work: Decide): Promise<number> {
  const { deployment, terminal } = call
  const deferral = await read(call)
  terminal.note(`${verb} ${deferral.id}`)
  for (const [name, text] of factsOf(deferral)) terminal.note(`  ${name}: ${text}`)
  terminal.note('The rules of the provider are skipped: neither narrow nor mayDecide is asked.')
  if (!(await isConfirmed(call, `${verb} it all the same?`))) return exitCodes.unchanged
  const transition = await work(await officeOf(deployment), call)
  return report(transition, terminal, outcomeOf(transition.deferral))
}

/** The rights and claims that the tokens may have, and the votes so far. */
function factsOf(deferral: Deferral): [string, string][] {
  const { title, clientId, accountId, scope, resource, authorizationDetails, claims } = deferral
  const facts = {
    title,
    client: clientId,
    account: accountId,
    scope: scope.join(' '),
    resource: resource.join(' '),
    details: authorizationDetails && JSON.stringify(authorizationDetails),
    claims: claims && JSON.stringify(claims),
    votes: votesOf(deferral),
  }
  return Object.entries(facts).flatMap(([name, text]) => (text ? [[name, text]] : []))
}

function votesOf({ votes = [], quorum = 1 }: Deferral): string | undefined {
  if (quorum === 1) return undefined
  const grants = votes.map(({ by, at, note, ...granted }) => {
    const part = Object.keys(granted).length ? JSON.stringify(granted) : 'everything'
    return `${[by].flat().join(', ')} grants ${part}`
  })
  return [`${votes.length} of ${quorum}`, ...grants].join('; ')
}

function outcomeOf({ status, votes = [], quorum = 1 }: Deferral): string {
  return status === 'pending' ? `${votes.length} of ${quorum} votes` : status
}
