import { Agent } from 'node:http'
import { type PostRequest, post } from '../load.js'
import { table } from '../report.js'
import type { Peer } from './peer.js'

const polls = 64

/** What one approved request gave out. */
interface Round {
  accessTokens: Set<string>
  /** one of them opens the userinfo endpoint afterwards */
  works: boolean
  refusals: string[]
}

/** Approves one request after the other, and sends many polls for it at the same moment. */
export async function measureRedemptions(peers: Peer[], rounds: number): Promise<void> {
  const rows: string[][] = []
  for (const peer of peers) {
    const agent = new Agent({ keepAlive: true, maxSockets: polls })
    // opens the connections
    await oneRound(peer, agent)
    const all: Round[] = []
    while (all.length < rounds) all.push(await oneRound(peer, agent))
    agent.destroy()
    rows.push(rowOf(peer, all))
  }
  const sets = ['one token set', 'several', 'most', 'none']
  table(`redemptions, ${polls} polls at once`, ['rounds', ...sets, 'a token works afterwards', 'other answers'], rows)
}

async function oneRound(peer: Peer, agent: Agent): Promise<Round> {
  const poll: PostRequest = await peer.approved()
  const answers = await Promise.all(Array.from({ length: polls }, () => post(agent, peer.port, poll)))
  const bodies: { access_token?: string; error?: string }[] = answers.map((answer) => JSON.parse(answer))
  const accessTokens = new Set(bodies.flatMap(({ access_token }) => access_token ?? []))
  const opened = await Promise.all([...accessTokens].map((token) => opens(peer, token)))
  return { accessTokens, works: opened.includes(true), refusals: bodies.flatMap(({ error }) => error ?? []) }
}

async function opens({ port, userinfo }: Peer, token: string): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}${userinfo}`, { headers: { authorization: `Bearer ${token}` } })
  await response.arrayBuffer()
  return response.ok
}

function rowOf({ name }: Peer, all: Round[]): string[] {
  const count = (fits: (round: Round) => boolean) => String(all.filter(fits).length)
  return [
    name,
    String(all.length),
    count(({ accessTokens }) => accessTokens.size === 1),
    count(({ accessTokens }) => accessTokens.size > 1),
    String(Math.max(...all.map(({ accessTokens }) => accessTokens.size))),
    count(({ accessTokens }) => accessTokens.size === 0),
    count(({ works }) => works),
    tally(all.flatMap((round) => round.refusals)),
  ]
}

function tally(words: string[]): string {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].map(([word, count]) => `${word} ${count}`).join(', ')
}
