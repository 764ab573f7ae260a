import type { Command, Option } from '../command.js'
import { officeOf } from '../deployment.js'
import { report } from './change.js'

const by: Option = { value: 'NAME', says: 'who does it' }

/** Assigns. */
export const assign: Command = {
  says: 'assign a pending deferral to somebody; others can decide all the same',
  hasId: true,
  options: {
    to: { value: 'NAME', isRequired: true, says: 'who shall work on it' },
    by,
    for: { value: 'SECONDS', kind: 'number', says: 'how long, instead of 900' },
    from: { value: 'NAME', says: 'the present assignee, to take it from somebody' },
  },
  async run({ id, values, deployment, terminal }) {
    const [actor, seconds, from] = [values.text('by'), values.number('for'), values.text('from')]
    const to = values.needed('to')
    const office = await officeOf(deployment)
    const transition = await office.assign(id, {
      to,
      ...(actor !== undefined && { by: actor }),
      ...(seconds !== undefined && { for: seconds }),
      ...(from !== undefined && { from }),
    })
    return report(transition, terminal, `assigned to ${to}`)
  },
}

/** Comments. */
export const comment: Command = {
  says: 'add a comment for colleagues to the history',
  hasId: true,
  options: {
    by: { value: 'NAME', isRequired: true, says: 'who writes it' },
    text: { value: 'TEXT', isRequired: true, says: 'at most 2,000 characters' },
  },
  async run({ id, values, deployment, terminal }) {
    const office = await officeOf(deployment)
    const remark = { by: values.needed('by'), text: values.needed('text') }
    return report(await office.comment(id, remark), terminal, 'commented')
  },
}

/** Sends a notification again. */
export const replay: Command = {
  says: 'send the notification of a deferral again; a node of the provider sends it',
  hasId: true,
  options: { by },
  async run({ id, values, deployment, terminal }) {
    const actor = values.text('by')
    const office = await officeOf(deployment)
    const transition = await office.notifications.replay(id, actor === undefined ? {} : { by: actor })
    const { notification } = transition.deferral
    const state = notification ? `its notification is ${notification.status}` : 'it has no notification'
    return report(transition, terminal, state, state)
  },
}
