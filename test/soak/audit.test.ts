import type { Deferral, HistoryEntry } from 'oidc-provider-deferred'
import { expect, test } from 'vitest'
import type { Reception } from '../chaos/history.js'
import { reception, course as sample } from '../chaos/sample_course.js'
import { audit } from './audit.js'
import type { SoakCourse, SoakPlan } from './history.js'

type Record = Deferral & { history: HistoryEntry[] }

const now = new Date()
const plan: SoakPlan = {
  ...sample.plan,
  ending: 'approve',
  isNotified: false,
  isDouble: false,
  isContested: false,
  wait: 0,
  quorum: 2,
  remarks: [],
}
const course: SoakCourse = {
  ...sample,
  plan,
  changes: [
    { events: ['created'] },
    { events: ['commented'], text: 'a comment' },
    { events: ['voted'], by: 'first' },
    { events: ['approved'], by: 'second' },
  ],
  decisions: [{ status: 'approved' }],
  voters: ['first', 'second'],
  tokens: ['token'],
  polls: 0,
  lostPolls: 0,
}
const entryOf = (event: string, facts = {}): HistoryEntry => ({ at: now, event, ...facts })
const history = [
  entryOf('created'),
  entryOf('commented', { by: 'colleague', text: 'a comment' }),
  entryOf('voted', { by: 'first' }),
  entryOf('approved', { by: ['first', 'second'] }),
  entryOf('redeemed'),
]
const votes = ['first', 'second'].map((by) => ({ by, at: now }))
const decision = { by: ['first', 'second'], at: now }
const record = {
  id: sample.id,
  profile: 'oauth',
  clientId: 'ok',
  status: 'redeemed',
  expired: false,
  exchangedAt: now,
  expiresAt: now,
  votes,
  decision,
  history,
  notification: { status: 'delivered', attempts: 1 },
} as object as Record

interface Made {
  course?: Partial<SoakCourse>
  deferral?: Partial<Record>
  received?: Reception[]
}

function promisesBroken({ received = [reception], ...made }: Made): string[] {
  const ended = { course: { ...course, ...made.course }, deferral: { ...record, ...made.deferral } }
  return audit([ended], { receptions: received, faultsOf: () => [] }).map(({ promise }) => promise)
}

const without = (event: string) => history.filter((entry) => entry.event !== event)
const isGivenUp = { isGivenUp: true, acknowledged: undefined as never }
const suppressed = { status: 'suppressed', attempts: 0 } as const
const denied = { status: 'denied', decision: { by: 'reviewer', at: now }, history: without('redeemed') } as const
const ofOne = { changes: [], voters: [], tokens: [] }
const unvoted = { votes: [], history: [] }

test.each<[string, Made, string[]]>([
  ['as it was', {}, []],
  ['with a vote lost', { deferral: { votes: votes.slice(1) } }, ['vote']],
  ['with a vote that was withdrawn', { course: { voters: ['second'] } }, ['vote']],
  ['with the entry of a vote lost', { deferral: { history: without('voted') } }, ['history']],
  [
    'with the entry of the last vote under another name',
    { deferral: { history: [...without('approved'), entryOf('approved', { by: ['first'] })] } },
    ['history'],
  ],
  ['with the entry of a comment lost', { deferral: { history: without('commented') } }, ['history']],
  ['with another comment', { course: { changes: [{ events: ['commented'], text: 'another comment' }] } }, ['history']],
  ['with the decision lost', { deferral: { ...unvoted, status: 'pending' }, course: ofOne }, ['decision']],
  [
    'with the decision of another',
    { course: { ...ofOne, decisions: [{ status: 'denied', by: 'rival' }] }, deferral: { ...denied, ...unvoted } },
    ['decision'],
  ],
  [
    'with two decisions acknowledged',
    {
      course: { ...ofOne, decisions: [{ status: 'denied', by: 'reviewer' }, { status: 'approved' }] },
      deferral: { ...denied, ...unvoted },
    },
    ['decision'],
  ],
  [
    'denied',
    {
      course: { ...ofOne, decisions: [{ status: 'denied', by: 'reviewer' }], refusal: 'access_denied' },
      deferral: { ...denied, ...unvoted },
    },
    [],
  ],
  ['decided by nobody', { course: { ...ofOne, decisions: [] }, deferral: { ...denied, ...unvoted } }, ['invented']],
  ['with two sets of tokens', { course: { tokens: ['one', 'two'] } }, ['tokens']],
  ['redeemed twice', { deferral: { history: [...history, entryOf('redeemed')] } }, ['tokens']],
  ['redeemed without a trace', { deferral: { history: without('redeemed') } }, ['tokens']],
  ['with tokens, and not redeemed', { deferral: { ...denied, status: 'approved', decision } }, ['tokens']],
  ['refused its tokens', { course: { tokens: [], refusal: 'invalid_grant' } }, ['refusal']],
  ['refused tokens whose answer was lost', { course: { tokens: [], refusal: 'invalid_grant', lostPolls: 1 } }, []],
  ['polled, and never answered', { course: { tokens: [], polls: 9 } }, ['unanswered']],
  ['never told', { received: [] }, ['lost']],
  ['redeemed before it was told', { received: [], deferral: { notification: suppressed } }, []],
  [
    'expired',
    {
      course: { ...ofOne, ...isGivenUp, decisions: [], refusal: 'expired_token' },
      deferral: { ...unvoted, status: 'pending', expired: true, expiredAt: now, notification: suppressed },
      received: [],
    },
    [],
  ],
  [
    'expired, and not recorded',
    {
      course: { ...ofOne, ...isGivenUp, decisions: [] },
      deferral: { ...unvoted, status: 'pending', expired: true, notification: suppressed },
      received: [],
    },
    ['expiry'],
  ],
  [
    'not told, neither redeemed nor given up',
    { course: { ...ofOne }, deferral: { ...unvoted, status: 'approved', notification: suppressed }, received: [] },
    ['lost', 'record'],
  ],
])('the audit of a deferral %s', (_what, made, expected) => {
  expect(promisesBroken(made)).toEqual(expected)
})

test('the audit of a deferral that is not there', () => {
  const findings = audit([{ course, deferral: undefined }], { receptions: [reception], faultsOf: () => [] })
  expect(findings.map(({ promise }) => promise)).toEqual(['missing'])
})
