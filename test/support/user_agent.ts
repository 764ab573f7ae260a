import { redirectUri } from './clients.js'

/** A browser as far as the flow needs one: it keeps cookies and follows redirects, up to the client's redirect URI. */
export interface UserAgent {
  /** where the browser ended: the parameters that reached the client, or the page it was shown */
  visit(url: string): Promise<Landing>
}

export interface Landing {
  params: Record<string, string>
  /** the redirect, or undefined when the provider showed a page itself */
  url?: URL
  status: number
  html: string
}

export function userAgent(): UserAgent {
  const jar = new Map<string, Map<string, string>>()

  function cookiesFor(url: URL): string {
    return [...jar]
      .flatMap(([path, cookies]) => (url.pathname.startsWith(path) ? [...cookies] : []))
      .map((pair) => pair.join('='))
      .join('; ')
  }

  function keep(headers: Headers): void {
    for (const cookie of headers.getSetCookie()) {
      const [pair = '', ...attributes] = cookie.split('; ')
      const path = attributes.find((one) => one.startsWith('path='))?.slice(5) ?? '/'
      const [name = '', value = ''] = pair.split(/=(.*)/s)
      const cookies = jar.get(path) ?? new Map<string, string>()
      cookies.delete(name)
      jar.set(path, value ? cookies.set(name, value) : cookies)
    }
  }

  return {
    async visit(target) {
      let url = new URL(target)
      for (let hop = 0; hop < 20; hop++) {
        const response = await fetch(url, {
          redirect: 'manual',
          headers: { cookie: cookiesFor(url), accept: 'text/html' },
        })
        keep(response.headers)
        const location = response.headers.get('location')
        if (!location) return landing(response.status, await response.text())
        await response.body?.cancel()
        url = new URL(location, url)
        if (url.href.startsWith(redirectUri)) return { params: paramsOf(url), url, status: response.status, html: '' }
      }
      throw new Error('too many redirects')
    },
  }
}

function paramsOf(url: URL): Record<string, string> {
  return Object.fromEntries(url.hash ? new URLSearchParams(url.hash.slice(1)) : url.searchParams)
}

// a form_post response is a page with hidden inputs
function landing(status: number, html: string): Landing {
  const inputs = [...html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
  return { params: Object.fromEntries(inputs.map(([, name = '', value = '']) => [name, value])), status, html }
}
