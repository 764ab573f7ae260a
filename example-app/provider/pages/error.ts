import type { Configuration } from 'oidc-provider'
import { facts } from '../../web/card.js'
import { html } from '../../web/html.js'
import { show } from '../../web/page.js'
import { securityHeaders } from '../../web/security_headers.js'

const setHeaders = securityHeaders()

/**
 * The host's error page, for requests that cannot be answered at the relying party. It shows the error's name only: its description,
 * `state` and `scope` may repeat what a link says.
 */
export const renderError: NonNullable<Configuration['renderError']> = async (ctx, { error }) => {
  await setHeaders(ctx, async () => {})
  const main = html`
<section class="card">
<h1>We cannot go on</h1>
<p class="lead">The request that brought you here does not work, or no longer.</p>
${facts([['Error', error]])}
<p>Go back to the site you came from and start again.</p>
</section>`
  show(ctx, { site: 'provider', title: 'We cannot go on', status: ctx.status, narrow: true, main })
}
