/* A device of CIBA: it is asked over HTTP, and answers over HTTP. It knows nothing of deferrals. */
import { once } from 'node:events'
import { createServer } from 'node:http'

/** Starts a phone whose owner has not answered yet. */
export async function startPhone() {
  const questions = []
  const server = createServer(async (incoming, outgoing) => {
    const chunks = []
    for await (const chunk of incoming) chunks.push(chunk)
    questions.push(JSON.parse(Buffer.concat(chunks).toString()))
    outgoing.writeHead(204).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}/asked`,
    questions,
    async answer({ answer, ...question }, yes) {
      const { status } = await fetch(answer, { method: 'POST', body: JSON.stringify({ ...question, yes }) })
      return status
    },
    close: () => server.close().closeAllConnections(),
  }
}
