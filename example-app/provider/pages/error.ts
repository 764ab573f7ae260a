import type { Configuration } from 'oidc-provider'
import { facts } from '../../web/card.js'
import { html } from '../../web/html.js'
import { show } from '../../web/page.js'
import { securityHeaders } from '../../web/security_headers.js'

const setHeaders = securityHeaders()

/**
 * oidc-provider's error page, for requests that cannot go back to the relying party. It shows only the error code. The description,
 * `state` and `scope` may contain text from a link.
 */
export const renderError: NonNullable<Configuration['renderError']> = async (ctx, { error }) => {
  await setHeaders(ctx, async () => {})
  const main = html`
<section class="card">
<h1>We cannot continue</h1>
<p class="lead">The request that brought you here does not work, or not any more.</p>
${facts([['Error', error]])}
<p>Go back to the site you came from and start again.</p>
</section>`
  show(ctx, { site: 'provider', title: 'We cannot continue', status: ctx.status, narrow: true, main })
}
