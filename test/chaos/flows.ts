import type { ProviderNode } from '../support/node.js'
import { relyingParty } from '../support/relying_party.js'
import { type UserAgent, userAgent } from '../support/user_agent.js'
import { secret } from './endpoints.js'
import type { Course, Plan } from './history.js'

/** A provider process to ask next, another one every time. */
export type AnyNode = () => ProviderNode

const client_secret = secret

/** Plays one plan to its end: requested, exchanged and decided, whatever dies meanwhile. */
export async function play(plan: Plan, anyNode: AnyNode, note: (course: Course) => void): Promise<void> {
  const course = plan.profile === 'openid' ? await authorized(plan, anyNode) : await deferred(plan, anyNode)
  note(course)
  if (plan.isEarly) await decide(course, anyNode)
  if (plan.profile === 'openid') await exchanged(course, anyNode)
  if (plan.isEarly) return
  await pause(plan.hesitation)
  await decide(course, anyNode)
}

/** A deferral of the openid profile. */
export type Openid = Course & { code?: string }

/** The end-user has asked; the client has its deferred code. */
export async function authorized(plan: Plan, anyNode: AnyNode): Promise<Openid> {
  const code = await insist(async () => {
    const rp = relyingParty(anyNode().origin, plan.behaviour)
    const url = rp.authorizationUrl(plan.scope === undefined ? {} : { scope: `openid ${plan.scope}` })
    const { params } = await agentOf(plan.behaviour).visit(url)
    return params.deferred_code ?? fail(plan.behaviour)
  })
  return { plan, id: code.slice(0, 22), code }
}

const agents = new Map<string, UserAgent>()

// who has logged in and consented once is not asked again
function agentOf(name: string): UserAgent {
  const agent = agents.get(name) ?? userAgent()
  agents.set(name, agent)
  return agent
}

// a browser in the middle of a dead process's interaction begins anew
function fail(name: string): never {
  agents.delete(name)
  throw new Error('no code')
}

/** The client has asked. A request whose answer was lost left a deferral that nobody knows: another one is made. */
export async function deferred(plan: Plan, anyNode: AnyNode): Promise<Course> {
  const { behaviour, token, scope } = plan
  const handle = await insist(async () => {
    const { body } = await relyingParty(anyNode().origin, behaviour).token({
      grant_type: 'client_credentials',
      completion_mode: 'deferred',
      client_secret,
      scope,
      client_notification_token: token,
    })
    return (body.deferral_code as string) ?? raise(JSON.stringify(body))
  })
  return { plan, id: handle.slice(0, 22), handle, exchangeEnded: performance.now() }
}

/** The client has exchanged its deferred code, or does not try any more. */
export async function exchanged(course: Openid, anyNode: AnyNode): Promise<void> {
  const { behaviour, isStubborn, token } = course.plan
  for (let isOver = false; !isOver; isOver = !isStubborn || isOver) {
    try {
      const rp = relyingParty(anyNode().origin, behaviour)
      const params = { client_secret, deferred_notification_token: token }
      const { status, body } = await rp.exchange(course.code as string, params)
      course.exchangeEnded ??= performance.now()
      if (status === 200) Object.assign(course, { handle: body.deferred_auth_id, exchangeEnded: performance.now() })
      isOver = status < 500
    } catch {
      course.exchangeEnded ??= performance.now()
      await pause(100)
    }
  }
}

async function decide(course: Course, anyNode: AnyNode): Promise<void> {
  const { decision } = course.plan
  await insist(() => anyNode().deferrals[decision](course.id, { by: 'reviewer' }))
  course.acknowledged = performance.now()
}

/** Tries a step for half a minute or more, until it succeeds. */
export async function insist<T>(step: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await step()
    } catch (error) {
      if (tries > 300) throw error
      await pause(100)
    }
  }
}

function raise(message: string): never {
  throw new Error(message)
}

/** Waits. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
