import type { Course, Plan, Reception } from './history.js'

const id = 'a deferral'

export const plan: Plan = {
  behaviour: 'ok',
  profile: 'oauth',
  decision: 'approve',
  isEarly: false,
  isStubborn: false,
  hesitation: 0,
}

/** A deferral that was decided. */
export const course: Course = { plan, id, exchangeEnded: 1000, handle: 'handle', acknowledged: 2000 }

/** Its notification, soon after the decision. */
export const reception: Reception = {
  id,
  attempt: 1,
  behaviour: 'ok',
  sender: 0,
  at: 2010,
  status: 204,
  body: '{"deferral_code":"handle"}',
}
