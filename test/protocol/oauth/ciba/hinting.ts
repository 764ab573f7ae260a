import { held } from '../../../support/deferral.js'
import { withPhone } from '../../../support/phone.js'
import { relyingParty } from '../../../support/relying_party.js'
import { useProvider } from '../../../support/use_provider.js'

/** The request that the hints of these tests stand for. */
export const request = { scope: 'openid email', nonce: 'n-1' }

export const error = (name: string, status = 400) => ({ status, body: { error: name } })

/** The answer for a hint without a usable deferral. */
export const nobody = error('unknown_user_id')

/** A provider that takes hints, for the tests of one file. `code` begins a deferral whose client can send one. */
export function useHints() {
  const { phone, options } = withPhone(
    { hint: true },
    {
      configuration: { features: { claimsParameter: { enabled: true } } },
      deferred: { profiles: { oauth: { direct: true } } },
    },
  )
  const op = useProvider(options)
  const rp = () => relyingParty(op.issuer)
  const code = (more = {}) => held(op, rp(), 'authorization_code', { request: { ...request, ...more } })
  return { op, phone, rp, code, deferrals: () => op.provider.deferrals }
}
