/* A browser without a screen, as far as the host's pages for development need one. */

/** Opens an authorization URL, signs in and consents. Resolves to the URL at the client. */
export async function signIn(url, account) {
  const cookies = new Map()
  let next = { url: new URL(url), init: {} }
  for (let step = 0; step < 12; step++) {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
    const headers = { ...next.init.headers, cookie }
    const response = await fetch(next.url, { ...next.init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)
      cookies.set(name, value)
    }
    const location = response.headers.get('location')
    if (location) {
      const to = new URL(location, next.url)
      if (to.hostname === 'shop.example') return to
      next = { url: to, init: {} }
      continue
    }
    const page = await response.text()
    const [, action] = /<form[^>]*action="([^"]+)"/.exec(page) ?? []
    if (!action) throw new Error(`no form at ${next.url}: ${response.status} ${page}`)
    const [, prompt] = /name="prompt" value="(\w+)"/.exec(page)
    const body = new URLSearchParams({ prompt, ...(prompt === 'login' && { login: account, password: 'any' }) })
    next = { url: new URL(action, next.url), init: { method: 'POST', body } }
  }
  throw new Error('the browser never arrived')
}
