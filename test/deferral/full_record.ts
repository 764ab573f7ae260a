import type { DeferralRecord, DeferralStatus, Profile } from 'oidc-provider-deferred'
import { at } from '../store/new_deferral.js'

type Pending = Extract<DeferralRecord, { status: 'pending' }>

/** Every member that a record can have whatever its status, so that a new one is missed here by the compiler. */
type Members = Required<Omit<Pending, 'status' | 'erasedAt' | 'wakeAt' | 'taskDue'>>

/** The person in a full record. */
export const person = 'account of the person'

const details = [{ type: 'payment', creditor: 'personal' }]
const granted = {
  scope: ['openid'],
  resource: ['https://api.example/personal'],
  authorizationDetails: details,
  claims: { id_token: { email: { value: 'personal' } } },
  acr: 'personal',
  amr: ['personal'],
  authTime: 1,
}

function members(profile: Profile): Members {
  return {
    id: 'idOfTheDeferral0000000',
    issuer: 'https://op.example',
    profile,
    clientId: 'client',
    accountId: person,
    grantId: 'grant of the person',
    grantType: 'authorization_code',
    queue: 'payments',
    quorum: 2,
    interval: 5,
    lifetime: 600,
    retention: 86_400,
    direct: 'claimed',
    codeHash: 'hash of the code',
    handleHash: 'hash of the handle',
    binding: { jkt: 'jkt', x5t: 'x5t', attestationJkt: 'attestation' },
    scope: ['openid', 'personal'],
    resource: ['https://api.example/personal'],
    authorizationDetails: details,
    claims: { id_token: { email: null } },
    context: { note: 'personal' },
    title: '12.00 EUR to personal',
    source: { accountId: person, nonce: 'personal' },
    requestedScope: ['openid', 'personal'],
    requestedResource: ['https://api.example/personal'],
    requestedDetails: details,
    progress: { step: 'personal', position: 1, estimate: 2, errorDescription: 'personal' },
    interaction: { uri: 'https://op.example/confirm?personal' },
    interactionBegunAt: at(2),
    legs: [{ kind: 'hint', hash: 'hash of the leg', openedAt: at(2), until: at(300), reason: 'personal' }],
    reachOutAt: at(3),
    reachOutAttempts: 1,
    reachOutRequestedAt: at(3),
    reachOutFault: 'personal',
    assignee: { to: 'robin', by: 'kim', at: at(2), until: at(900) },
    votes: [{ by: 'robin', at: at(3), note: 'personal', ...granted }],
    cancelledBy: ['kim', person],
    cancellationReason: 'code.reused',
    notification: { status: 'delivered', attempts: 1, fence: 1, notBefore: at(2), deliveredAt: at(4), answer: 204 },
    ping: { status: 'delivered', attempts: 1, fence: 1, notBefore: at(2), deliveredAt: at(4), answer: 204 },
    traceparent: '00-personal',
    answer: { sealed: 'sealed answer', until: at(700) },
    task: { sealed: 'sealed state', fence: 3 },
    createdAt: at(0),
    exchangedAt: at(1),
    expiresAt: at(601),
    expiredAt: at(602),
    dueAt: at(300),
    overdueAt: at(301),
    readAt: at(620),
  }
}

const decisionFacts = {
  decision: {
    by: ['robin', person],
    note: 'personal',
    description: 'personal',
    errorDescription: 'personal',
    until: at(5000),
    ...granted,
  },
  decidedAt: at(4),
}

/** A record with every member that it can have, and more, read after its expiry. */
export function fullRecord(status: DeferralStatus, profile: Profile): DeferralRecord {
  const common = members(profile)
  switch (status) {
    case 'pending':
      return { ...common, status }
    case 'approved':
    case 'denied':
      return { ...common, status, ...decisionFacts }
    case 'cancelled':
      return { ...common, status, cancelledAt: at(5), ...decisionFacts }
    case 'redeemed':
      return { ...common, status, redeemedAt: at(5), ...decisionFacts }
  }
}
