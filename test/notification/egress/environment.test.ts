import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('I-125 E-22 T4 proxies and trust of the environment mean nothing', async () => {
  let proxied = 0
  const proxy = createServer((socket) => {
    proxied += 1
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const url = `http://127.0.0.1:${(proxy.address() as { port: number }).port}`
  const variables = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']
  const child = fork(fileURLToPath(new URL('./environment_main.js', import.meta.url)), {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {
      ...process.env,
      ...Object.fromEntries(variables.map((name) => [name, url])),
      npm_config_https_proxy: url,
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    },
  })
  try {
    const [report] = await once(child, 'message')
    expect(report).toEqual({
      good: 'delivered',
      bad: expect.stringMatching(/^the certificate of the endpoint is not accepted: /),
      requests: [1, 0],
    })
    expect(proxied).toBe(0)
  } finally {
    child.kill()
    proxy.close()
  }
})
