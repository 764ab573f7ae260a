/**
 * Goes where a browser would go from this authorization request, and keeps its cookies. Resolves to the URL outside of `issuer`
 * that it is sent to in the end: the authorization response. Rejects where the provider shows a page.
 */
export async function browse(request: string | URL, issuer: string): Promise<URL> {
  const cookies = new Map<string, string>()
  let url = new URL(request)
  const { origin } = new URL(issuer)
  while (url.origin === origin) {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
    const response = await fetch(url, { redirect: 'manual', headers: { cookie, accept: 'application/json' } })
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(set) ?? []
      if (value) cookies.set(name, value)
      else cookies.delete(name)
    }
    const location = response.headers.get('location')
    if (location === null) throw new Error(`the provider answered ${response.status}: ${await response.text()}`)
    await response.body?.cancel()
    url = new URL(location, url)
  }
  return url
}
