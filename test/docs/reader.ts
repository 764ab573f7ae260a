/* A reader's browser: signs in on the development pages of oidc-provider, and agrees to everything. */

/** Opens a page, follows redirects and submits the form of every page, until a page has none. */
export async function browse(url: string): Promise<void> {
  const cookies = new Map<string, string>()
  let request: { url: URL; body?: URLSearchParams } | undefined = { url: new URL(url) }
  for (let step = 0; request; step++) {
    if (step === 30) throw new Error(`no end at ${request.url}`)
    request = await next(request, cookies)
  }
}

async function next({ url, body }: { url: URL; body?: URLSearchParams }, cookies: Map<string, string>) {
  const headers = { accept: 'text/html', cookie: [...cookies].map((pair) => pair.join('=')).join('; ') }
  const response = await fetch(url, { redirect: 'manual', headers, ...(body && { method: 'POST', body }) })
  for (const cookie of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
    cookies.set(name, value)
  }
  const html = await response.text()
  const location = response.headers.get('location')
  if (location) return { url: new URL(location, url) }
  if (response.status >= 400) throw new Error(`${url}: ${response.status} ${html}`)
  const [, action] = /<form [^>]*action="([^"]+)"/.exec(html) ?? []
  return action ? { url: new URL(action, url), body: filled(html) } : undefined
}

function filled(html: string): URLSearchParams {
  const inputs: [string, string][] = [...html.matchAll(/<input ([^>]*)>/g)].map(([, attributes = '']) => {
    const attribute = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1]
    return [attribute('name') ?? '', attribute('value') ?? 'reader']
  })
  return new URLSearchParams(inputs)
}

/** Opens the development console at this address, and approves the first request. */
export async function approve(url: string): Promise<void> {
  const queue = await (await fetch(url)).text()
  const [, page = ''] = /class="row" href="([^"]+)"/.exec(queue) ?? []
  const html = await (await fetch(new URL(page, url))).text()
  const [, revision = ''] = /name="revision" value="([^"]+)"/.exec(html) ?? []
  const response = await fetch(new URL(`${page}/approve`, url), {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ revision, confirmed: 'yes' }),
  })
  if (response.status !== 303) throw new Error(`${url}: ${response.status} ${await response.text()}`)
}
