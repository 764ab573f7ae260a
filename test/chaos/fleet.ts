import { type NodeSetup, type ProviderNode, startNode } from '../support/node.js'
import type { Fault } from './history.js'

/** A provider process, from its start to its end. */
export interface Member {
  /** 0, 1, 2 ... in the order of the starts */
  number: number
  node: ProviderNode
  isStopped: boolean
  faults: Fault[]
}

/** Provider processes of one deployment, each replaced when it is killed. */
export interface Fleet {
  size: number
  /** all that ever were */
  members: Member[]
  /** those that live */
  up(): Member[]
  kill(member: Member): void
  /** for this many milliseconds */
  stop(member: Member, duration: number): void
  /** all that are stopped */
  wake(): void
  /** resolves when nothing is stopped or starting any more */
  whole(): Promise<void>
  close(): Promise<void>
}

/** Starts this many. */
export async function startFleet(size: number, setupOf: (number: number) => NodeSetup): Promise<Fleet> {
  const members: Member[] = []
  const dead = new Set<Member>()
  const pending = new Set<Promise<void>>()
  const alarms = new Set<() => void>()
  let isOpen = true
  let started = 0

  async function start(): Promise<void> {
    const number = started++
    const node = await startNode(setupOf(number))
    members.push({ number, node, isStopped: false, faults: [] })
  }

  // while the database elects a primary a process may not come up
  async function restart(): Promise<void> {
    while (isOpen) {
      try {
        return await start()
      } catch {}
    }
  }

  function track(work: Promise<void>): void {
    const tracked = work.finally(() => pending.delete(tracked))
    pending.add(tracked)
  }

  async function resume(member: Member, fault: Fault, duration: number): Promise<void> {
    await new Promise<void>((resolve) => {
      alarms.add(resolve)
      setTimeout(resolve, duration)
    })
    member.node.kill('SIGCONT')
    member.isStopped = false
    fault.to = performance.now()
  }

  const fleet: Fleet = {
    size,
    members,
    up: () => members.filter((member) => !dead.has(member)),
    kill(member) {
      member.faults.push({ from: performance.now(), to: Number.POSITIVE_INFINITY })
      dead.add(member)
      member.node.kill('SIGKILL')
      track(member.node.ended.then(restart))
    },
    stop(member, duration) {
      const fault = { from: performance.now(), to: Number.POSITIVE_INFINITY }
      member.faults.push(fault)
      member.isStopped = true
      member.node.kill('SIGSTOP')
      track(resume(member, fault, duration))
    },
    wake() {
      for (const ring of alarms) ring()
    },
    async whole() {
      while (pending.size > 0) await Promise.all(pending)
    },
    async close() {
      isOpen = false
      await fleet.whole()
      for (const { node } of fleet.up()) node.kill('SIGKILL')
      await Promise.all(members.map(({ node }) => node.ended))
    },
  }
  await Promise.all(Array.from({ length: size }, start))
  return fleet
}
