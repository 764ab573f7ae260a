import { redirectUri } from './clients.js'

/** A browser as far as the flow needs one: it keeps cookies and follows redirects, up to the client's redirect URI. */
export interface UserAgent {
  /** where the browser ended: the parameters that reached the client, or the page it was shown */
  visit(url: string, visit?: Visit): Promise<Landing>
}

export interface Visit {
  /** do not follow a redirect to this path of the provider; the landing's `url` is where to go on */
  stopAt?: string
  /** sends the first request as a form */
  form?: URLSearchParams
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
    async visit(target, { stopAt, form } = {}) {
      let url = new URL(target)
      for (let hop = 0; hop < 20; hop++) {
        const response = await fetch(url, {
          redirect: 'manual',
          headers: { cookie: cookiesFor(url), accept: 'text/html' },
          ...(form && hop === 0 && { method: 'POST', body: form }),
        })
        keep(response.headers)
        const location = response.headers.get('location')
        if (!location) return landing(response.status, await response.text())
        await response.body?.cancel()
        url = new URL(location, url)
        const stop = url.href.startsWith(redirectUri) || (stopAt && url.pathname.startsWith(stopAt))
        if (stop) return { params: paramsOf(url), url, status: response.status, html: '' }
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
  return {
    params: Object.fromEntries(inputs.map(([, name = '', value = '']) => [name, unescaped(value)])),
    status,
    html,
  }
}

function unescaped(value: string): string {
  const entities: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' }
  return value.replace(/&(lt|gt|quot|#39|amp);/g, (entity) => entities[entity] as string)
}
