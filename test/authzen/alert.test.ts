import type { Alert } from 'oidc-provider-deferred/authzen'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { until } from '../support/receiver.js'
import { ask, reaches, start } from './access_request/access_requests.js'
import { closeAfterEach, deploy } from './deployment.js'
import { limited, refresh } from './refresh_tokens.js'

closeAfterEach()

const credentials = { grant_type: 'client_credentials' }
const cannotBeAsked = /^authzen: the policy decision point cannot be asked, /

let warnings: string[]

beforeEach(() => {
  warnings = []
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)))
})
afterEach(() => void vi.restoreAllMocks())

const withoutText = Object.create(null)
const alerts: [string, Alert, RegExp][] = [
  [
    'throws',
    () => {
      throw new Error('the chat is down')
    },
    /the chat is down/,
  ],
  ['rejects', () => Promise.reject(new Error('the chat is down')), /the chat is down/],
  ['rejects with a value without a text', () => Promise.reject(withoutText), /cannot be shown as text/],
]

describe.each(alerts)('an alert that %s is a warning', (_how, alert, fault) => {
  async function expectWarnings(problem: RegExp): Promise<void> {
    const isWarned = () => warnings.some((text) => text.startsWith('authzen: alert failed: ') && fault.test(text))
    await until(isWarned, 5)
    expect(warnings).toContainEqual(expect.stringMatching(problem))
  }

  test('and a request gets its 503', async () => {
    const { service, rp } = await deploy({ options: { alert } })
    service.intercept = () => ({ status: 500 })
    const { status, body } = await rp.token(credentials)
    expect([status, body.error]).toEqual([503, 'temporarily_unavailable'])
    await expectWarnings(cannotBeAsked)
  })

  test('and a refresh gets its 503', async () => {
    const { service, rp, refreshToken } = await limited({ options: { alert } })
    service.intercept = () => ({ status: 500 })
    expect((await refresh(rp, refreshToken)).status).toBe(503)
    await expectWarnings(cannotBeAsked)
  })

  test('and an access request ends as ever', async () => {
    const deployment = await start({ alert })
    deployment.service.access.script = 'fail'
    const { id } = await ask(deployment)
    await reaches(deployment, id, 'denied')
    await expectWarnings(/^authzen: an access request has failed at its service, /)
  })
})
