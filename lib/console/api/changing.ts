import type { Reviewed, Transition } from '../../index.js'
import { obstacleTo } from '../desk.js'
import { changesSince } from '../revision.js'
import { interactionUriOf, knownAssignee, verbs } from '../verbs.js'
import { type Call, callUnchecked, checking, type Operation } from './operation.js'
import { Refusal } from './problem.js'
import { findReadable, withPermission } from './reading.js'
import { anyObject, count, list, type Members, object, part, text, time } from './schema.js'

/** A change. The actor is always the operator who has signed in. */
interface Change {
  name: string
  path: string
  summary: string
  /** the verb of the pages that asks for the same rights */
  like: keyof typeof verbs
  body: Members
  run(call: Call, deferral: Reviewed): Promise<Transition>
}

const deferralPath = (verb: string) => `/deferrals/{id}/${verb}`

/** A method of the back office that takes the body, and the actor. */
function method(
  name: 'approve' | 'deny' | 'comment' | 'progress' | 'extend' | 'cancel' | 'unvote' | 'unassign' | 'resume',
) {
  return ({ visit: { desk, operator }, id, input }: Call): Promise<Transition> =>
    callUnchecked(desk.deferrals, desk.deferrals[name], id, { ...input, by: operator.id })
}

async function assign({ visit: { desk, operator }, id, input }: Call): Promise<Transition> {
  const { to = operator.id } = input
  if (typeof to === 'string') await checking(() => knownAssignee(desk, operator.id, to))
  return callUnchecked(desk.deferrals, desk.deferrals.assign, id, { ...input, to, by: operator.id })
}

async function requireInteraction({ visit, id, input }: Call, deferral: Reviewed): Promise<Transition> {
  const { desk, operator } = visit
  const uri = (await checking(async () => interactionUriOf(desk, deferral))) ?? input.uri
  return callUnchecked(desk.deferrals, desk.deferrals.requireInteraction, id, { uri, by: operator.id })
}

const note = text('for colleagues; the client never gets it', { minLength: 1, maxLength: 2000 })
const seconds = (description: string) => count(description, { minimum: 1, maximum: 315_360_000 })
const operator = (description: string) => text(description, { minLength: 1, maxLength: 200 })

const changes: readonly Change[] = [
  {
    name: 'approve',
    path: deferralPath('approve'),
    summary: 'Approves it, with at most the requested rights. With a quorum it is your vote',
    like: 'approve',
    body: {
      'scope?': list(text()),
      'resource?': list(text()),
      'authorizationDetails?': list(anyObject()),
      'claims?': anyObject('a claims request object'),
      'until?': time('end of the approval'),
      'note?': note,
    },
    run: method('approve'),
  },
  {
    name: 'deny',
    path: deferralPath('deny'),
    summary: 'Denies it',
    like: 'deny',
    body: { 'description?': text('for the client', { minLength: 1, maxLength: 1000 }), 'note?': note },
    run: method('deny'),
  },
  {
    name: 'unvote',
    path: deferralPath('unvote'),
    summary: 'Withdraws your vote',
    like: 'unvote',
    body: {},
    run: method('unvote'),
  },
  {
    name: 'cancel',
    path: deferralPath('cancel'),
    summary: 'Cancels it, also an approval whose tokens the client has not collected',
    like: 'cancel',
    body: {},
    run: method('cancel'),
  },
  {
    name: 'assign',
    path: deferralPath('assign'),
    summary: 'Assigns it for a while. It binds nobody',
    like: 'assign',
    body: {
      'to?': operator('you without it'),
      'for?': seconds('seconds; 900 without it'),
      'from?': operator('who has it now, to take it over'),
    },
    run: assign,
  },
  {
    name: 'unassign',
    path: deferralPath('unassign'),
    summary: 'Ends the assignment',
    like: 'unassign',
    body: {},
    run: method('unassign'),
  },
  {
    name: 'comment',
    path: deferralPath('comment'),
    summary: 'Adds a comment for colleagues',
    like: 'comment',
    body: { text: text('', { minLength: 1, maxLength: 2000 }) },
    run: method('comment'),
  },
  {
    name: 'progress',
    path: deferralPath('progress'),
    summary: 'Tells the client how far it is',
    like: 'progress',
    body: {
      step: text('', { minLength: 1, maxLength: 100 }),
      'position?': count('in the queue'),
      'estimate?': count('seconds'),
    },
    run: method('progress'),
  },
  {
    name: 'requireInteraction',
    path: deferralPath('require-interaction'),
    summary: 'Sends the person to a page. The option interactionUri of the console has precedence over uri',
    like: 'interaction',
    body: { 'uri?': text('an https URL') },
    run: requireInteraction,
  },
  {
    name: 'resume',
    path: deferralPath('resume'),
    summary: 'Does not ask the person any more',
    like: 'resume',
    body: {},
    run: method('resume'),
  },
  {
    name: 'extend',
    path: deferralPath('extend'),
    summary: 'Moves the expiry',
    like: 'extend',
    body: { expiresIn: seconds('seconds from now') },
    run: method('extend'),
  },
  {
    name: 'replayNotification',
    path: '/notifications/{id}/replay',
    summary: 'Sends the notification of this deferral again',
    like: 'replay',
    body: {},
    run: ({ visit: { desk, operator }, id }) => desk.deferrals.notifications.replay(id, { by: operator.id }),
  },
]

/**
 * `If-Match` has the ETags of the states that the sender has read. RFC 9110, section 13.1.1, wants a strong comparison. We also accept weak
 * tags: a compressing proxy weakens ours, and the state is the same.
 */
async function assertUnchanged({ visit }: Call, deferral: Reviewed): Promise<void> {
  const header = visit.ctx.get('If-Match')
  const tags = header.split(',').map((tag) => tag.trim().replace(/^(W\/)?"|"$/g, ''))
  if (header === '' || tags.some((tag) => tag === '*' || changesSince(tag, deferral) === undefined)) return
  throw new Refusal(412, 'it has changed since you read it', await withPermission(visit, deferral))
}

async function run(change: Change, call: Call) {
  const { operator, ctx } = call.visit
  const deferral = await findReadable(call.visit, call.id)
  const obstacle = verbs[change.like]?.isReserved ? await obstacleTo(call.visit, operator, deferral) : undefined
  if (obstacle !== undefined) ctx.throw(403, obstacle)
  await assertUnchanged(call, deferral)
  const { changed, deferral: after } = await change.run(call, deferral)
  const shown = await withPermission(call.visit, after)
  if (!changed) throw new Refusal(409, 'nothing changed: the deferral is not in a state for this', shown)
  return { changed, deferral: shown }
}

/** The calls that change a deferral. */
export const changingOperations: readonly Operation[] = changes.map((change) => ({
  name: change.name,
  method: 'POST',
  path: change.path,
  summary: change.summary,
  body: object(change.body),
  answer: part('Change'),
  refusals: [400, 404, 409, 412, 413, 415, 422],
  run: (call) => run(change, call),
}))
