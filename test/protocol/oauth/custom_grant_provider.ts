import type { DeferRequest } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { observedDefer } from '../../support/observed.js'
import { startProvider, type TestOptions, type TestProvider } from '../../support/provider.js'
import { type CustomGrants, customClients, registerCustomGrants } from './custom_grants.js'

/** A provider with both grants for the tests of a file: `did` and `observed` start anew with each of them. */
export function useCustomGrants(
  initially?: (request: DeferRequest) => boolean,
  configuration: TestOptions['configuration'] = {},
) {
  const used = { observed: observedDefer(initially) } as {
    op: TestProvider
    did: CustomGrants
    observed: ReturnType<typeof observedDefer>
  }
  beforeAll(async () => {
    const deferred = { defer: used.observed.defer }
    used.op = await startProvider({ configuration: { clients: customClients, ...configuration }, deferred })
    used.did = registerCustomGrants(used.op.provider, used.op.clock)
  })
  beforeEach(() => {
    used.observed.reset()
    used.did.instead = {}
    used.did.issued.length = used.did.validated.length = 0
  })
  afterAll(() => used.op.close())
  return used
}
