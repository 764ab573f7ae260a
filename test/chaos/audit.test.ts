import type { Deferral } from 'oidc-provider-deferred'
import { expect, test } from 'vitest'
import { audit, type Finding } from './audit.js'
import type { Course, Fault, Plan, Reception } from './history.js'
import { course, plan, reception } from './sample_course.js'

const delivered = { status: 'delivered', attempts: 1 } as const
const killed: Fault = { from: 2015, to: Number.POSITIVE_INFINITY }

interface Made {
  course?: Partial<Course>
  behaviour?: Plan['behaviour']
  received?: Partial<Reception>[]
  notification?: Partial<Deferral['notification']>
  faults?: Fault[]
}

function promisesBroken({ received = [{}], notification = delivered, faults = [], ...made }: Made): string[] {
  const behaviour = made.behaviour ?? 'ok'
  const findings: Finding[] = audit({
    courses: [{ ...course, ...made.course, plan: { ...plan, behaviour } }],
    receptions: received.map((one) => ({ ...reception, behaviour, ...one })),
    faultsOf: () => faults,
    deferrals: [{ id: course.id, clientId: behaviour, exchangedAt: new Date(), notification } as Deferral],
  })
  return findings.map(({ promise }) => promise)
}

const failed = { status: 'failed', attempts: 1, answer: 401 } as const
const again = { attempt: 2, at: 12_100 }

test.each<[string, Made, string[]]>([
  ['told once', {}, []],
  ['never told', { received: [], notification: { status: 'owed' } }, ['lost', 'record', 'owed']],
  ['taken, and owed all the same', { notification: { status: 'owed', attempts: 1 } }, ['record', 'owed']],
  [
    'taken, not noted, and owed after attempts that never arrived',
    { notification: { status: 'owed', attempts: 4 } },
    [],
  ],
  ['never answered', { received: [{ status: undefined } as never] }, ['lost']],
  [
    'decided by nobody',
    { course: { acknowledged: undefined } as never, notification: delivered },
    ['undecided', 'record'],
  ],
  ['told before the exchange was over', { received: [{ at: 999 }] }, ['early']],
  ['told the handle of another', { received: [{ body: '{"deferral_code":"another"}' }] }, ['wrong']],
  ['told with a token nobody gave', { received: [{ authorization: 'Bearer token' }] }, ['wrong']],
  ['told twice', { received: [{}, again] }, ['surplus']],
  ['told twice, killed after the first', { received: [{}, again], faults: [killed] }, []],
  [
    'told twice, the fault long over',
    { received: [{}, { ...again, at: 60_000 }], faults: [{ from: 30_000, to: 31_000 }] },
    ['surplus'],
  ],
  ['an attempt made twice', { received: [{}, { at: 12_100 }], faults: [killed] }, ['repeated']],
  ['retried', { received: [{ status: 503 }, { attempt: 2, at: 7000 }] }, []],
  ['retried too soon', { received: [{ status: 503 }, { attempt: 2, at: 4000 }] }, ['hasty']],
  [
    'retried before Retry-After',
    { behaviour: 'unavailable', received: [{ status: 503 }, { attempt: 2, at: 7000 }] },
    ['hasty'],
  ],
  ['refused', { behaviour: 'unauthorized', received: [{ status: 401 }], notification: failed }, []],
  [
    'refused twice',
    { behaviour: 'unauthorized', received: [{ status: 401 }, { ...again, status: 401 }], notification: failed },
    ['surplus'],
  ],
  ['refused, and written down as delivered', { behaviour: 'unauthorized', received: [{ status: 401 }] }, ['record']],
])('the audit of a client %s', (_what, made, expected) => {
  expect(promisesBroken(made)).toEqual(expected)
})
