import type { Deferral } from 'oidc-provider-deferred'
import { moment } from '../web/card.js'
import { type Html, html } from '../web/html.js'
import { reviewers } from './reviewers.js'

/** Those who have approved a request that needs several approvals. */
export function approversOf({ votes = [] }: Deferral): string[] {
  return votes.flatMap(({ by }) => by)
}

/** Whether several people have to approve, and this one has. */
export function hasApproved(deferral: Deferral, name: string | undefined): boolean {
  return deferral.status === 'pending' && name !== undefined && approversOf(deferral).includes(name)
}

/** When the request is due, who has approved so far, and who may still approve. */
export function approvalFacts(deferral: Deferral): [name: string, value: Html | string | undefined][] {
  const { quorum = 1, dueAt, overdue, status, expired } = deferral
  const approvers = approversOf(deferral)
  const others = reviewers.map(({ name }) => name).filter((name) => !approvers.includes(name))
  const open = quorum > 1 && status === 'pending' && !expired
  return [
    ['Due', dueAt && html`${moment(dueAt)}${overdue && html` <strong>overdue</strong>`}`],
    ['Approvals', quorum > 1 ? [`${approvers.length} of ${quorum}`, ...approvers].join(', ') : undefined],
    ['May still approve', open ? others.join(', ') || 'nobody' : undefined],
  ]
}
