import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLanes, type Lanes } from '../../lib/notification/lanes.js'
import type { Lane, Limits, Task } from '../../lib/notification/slots.js'

const limits: Limits = { perHost: 3, perClient: 2, total: 5, backlog: 4, clients: 5 }

/** Work that ends when it is told to, and a record of what ran. */
function bench(of: Limits = limits) {
  const running: (Task & { end: () => void })[] = []
  const begun: string[] = []
  let rooms = 0
  const lanes = createLanes<Task>(
    (task) =>
      new Promise((resolve) => {
        begun.push(task.id)
        running.push({ ...task, end: resolve })
      }),
    of,
    () => {
      rooms += 1
    },
  )
  /** ends the n-th of those that run */
  async function end(nth = 0): Promise<void> {
    const [task] = running.splice(nth, 1)
    task?.end()
    // what follows from it follows in turns of its own
    for (let turn = 0; turn < 6; turn++) await undefined
  }
  async function endAll(): Promise<void> {
    while (running.length > 0) await end()
  }
  return { lanes, running, begun, end, endAll, rooms: () => rooms }
}

const task = (id: string, clientId: string, host: string): Task => ({ id, clientId, host })
/** Lanes whose tasks enter at once, and leave and end when they are told to. */
function phases(of: Limits, mayBegin: boolean) {
  const begun: string[] = []
  const entered: string[] = []
  const lanesOf = new Map<string, Lane & { end: () => void }>()
  const lanes = createLanes<Task>(
    ({ id }, lane) => {
      begun.push(id)
      void lane.enter().then(() => entered.push(id))
      return new Promise((end) => lanesOf.set(id, { ...lane, end }))
    },
    of,
    () => undefined,
    () => mayBegin,
  )
  async function tell(id: string, what: 'leave' | 'end'): Promise<void> {
    lanesOf.get(id)?.[what]()
    for (let turn = 0; turn < 6; turn++) await undefined
  }
  return { lanes, begun, entered, tell }
}

/** How many of so many tasks were taken on. */
const take = (lanes: Lanes<Task>, count: number, clientId: string, host: string) =>
  Array.from({ length: count }, (_, nth) => lanes.take(task(`${clientId} at ${host} ${nth}`, clientId, host))).filter(
    Boolean,
  ).length

describe('lanes', () => {
  test('a full lane set does not search the queues', async () => {
    let questions = 0
    const ends: (() => void)[] = []
    const lanes = createLanes<Task>(
      () => new Promise((end) => ends.push(end)),
      { ...limits, clients: 4000 },
      () => undefined,
      () => {
        questions += 1
        return true
      },
    )
    for (let n = 0; n < 4000; n++) take(lanes, 1, `client ${n}`, `${n}.example`)
    questions = 0
    ends[0]?.()
    for (let turn = 0; turn < 6; turn++) await undefined
    expect(ends).toHaveLength(limits.total + 1)
    expect(questions).toBeLessThan(10)
  })

  test('run no more per client, per host and in all than they may', () => {
    const { lanes, running } = bench()
    take(lanes, 4, 'a', 'one.example')
    expect(running).toHaveLength(2)
    take(lanes, 4, 'b', 'one.example')
    expect(running).toHaveLength(3)
    take(lanes, 2, 'c', 'two.example')
    take(lanes, 2, 'd', 'three.example')
    expect(running).toHaveLength(5)
  })

  test('go on with the longest waiting whose client may', async () => {
    const { lanes, begun, end } = bench()
    take(lanes, 3, 'a', 'one.example')
    take(lanes, 2, 'b', 'one.example')
    await end(2)
    expect(begun.slice(-1)).toEqual(['b at one.example 1'])
    await end(0)
    expect(begun.slice(-1)).toEqual(['a at one.example 2'])
  })

  test('take on no task twice, but again once it has ended', async () => {
    const { lanes, begun, end } = bench()
    for (let nth = 0; nth < 3; nth++) lanes.take(task('same', 'a', 'one.example'))
    expect(begun).toEqual(['same'])
    await end()
    lanes.take(task('same', 'a', 'one.example'))
    expect(begun).toEqual(['same', 'same'])
  })

  test('say when there are too many of a client, and announce when none of it wait any more', async () => {
    const { lanes, rooms, endAll } = bench()
    expect(take(lanes, 9, 'a', 'one.example')).toBe(limits.perClient + limits.backlog)
    await endAll()
    expect(rooms()).toBe(1)
    expect(take(lanes, 9, 'a', 'two.example')).toBe(limits.perClient + limits.backlog)
  })

  test('say when tasks of too many clients wait', () => {
    const { lanes } = bench({ ...limits, total: 0 })
    const taken = ['a', 'b', 'c', 'd', 'e', 'f'].map((clientId) => take(lanes, 1, clientId, 'one.example'))
    expect(taken).toEqual([1, 1, 1, 1, 1, 0])
    expect(take(lanes, 1, 'a', 'two.example')).toBe(1)
  })

  test('a client that fills its backlog does not turn away other clients at its host', () => {
    const { lanes, begun } = bench()
    take(lanes, 50, 'dead', 'shared.example')
    expect(take(lanes, 1, 'alive', 'shared.example')).toBe(1)
    expect(begun).toContain('alive at shared.example 0')
  })

  test('a task whose client is busy at another host begins when that is over', async () => {
    const { lanes, begun, endAll } = bench()
    take(lanes, 2, 'a', 'old.example')
    take(lanes, 1, 'a', 'new.example')
    expect(begun).not.toContain('a at new.example 0')
    await endAll()
    expect(begun).toContain('a at new.example 0')
  })

  test('what has not begun can be forgotten, what has is waited for', async () => {
    const { lanes, begun, endAll } = bench()
    take(lanes, 4, 'a', 'one.example')
    lanes.clear()
    let isIdle = false
    const idle = lanes.idle().then(() => {
      isIdle = true
    })
    await undefined
    expect(isIdle).toBe(false)
    await endAll()
    await idle
    expect(begun).toHaveLength(2)
    await lanes.idle()
  })

  test('a lane that is left takes the next task, and the task that left it is not taken again before its end', async () => {
    const { lanes, begun, tell } = phases({ ...limits, perClient: 1 }, false)
    for (const id of ['1', '2']) lanes.take(task(id, 'a', 'one.example'))
    expect(begun).toEqual(['1'])
    await tell('1', 'leave')
    lanes.take(task('1', 'a', 'one.example'))
    expect(begun).toEqual(['1', '2'])
    await tell('1', 'end')
    lanes.take(task('1', 'a', 'one.example'))
    await tell('2', 'end')
    expect(begun).toEqual(['1', '2', '1'])
  })

  test('tasks that have left their lanes count among all until they end', async () => {
    const { lanes, begun, tell } = phases({ ...limits, total: 1 }, false)
    for (const id of ['1', '2']) lanes.take(task(id, id, `${id}.example`))
    await tell('1', 'leave')
    expect(begun).toEqual(['1'])
    await tell('1', 'end')
    expect(begun).toEqual(['1', '2'])
  })

  test('as many tasks as there are lanes may begin ahead, and enter in their order, also when one ends before', async () => {
    const { lanes, begun, entered, tell } = phases({ ...limits, perClient: 2 }, true)
    for (const id of ['1', '2', '3', '4', '5']) lanes.take(task(id, 'a', 'one.example'))
    await undefined
    expect([begun, entered]).toEqual([
      ['1', '2', '3', '4'],
      ['1', '2'],
    ])
    await tell('3', 'end')
    expect([begun.at(-1), entered.length]).toEqual(['5', 2])
    await tell('1', 'leave')
    await tell('2', 'leave')
    expect(entered).toEqual(['1', '2', '4', '5'])
  })

  const hosts = fc.constantFrom('one.example', 'two.example', 'three.example')
  const moves = fc.array(
    fc.oneof(
      fc.record({
        clientId: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
        host: hosts,
        count: fc.integer({ min: 1, max: 9 }),
      }),
      fc.record({ end: fc.nat(4) }),
    ),
    { minLength: 1, maxLength: 40 },
  )

  test('caps are never exceeded, every task taken on runs once, and in the end there is room again', async () => {
    const seed = Number(process.env.RACE_SEED ?? Date.now() % 2 ** 31)
    process.stderr.write(`lanes: seed ${seed}\n`)
    const property = fc.asyncProperty(moves, async (history) => {
      const { lanes, running, begun, end, endAll } = bench()
      let offered = 0
      let taken = 0
      const most = (of: keyof Task) =>
        Math.max(0, ...running.map((one) => running.filter((other) => other[of] === one[of]).length))
      const check = () => {
        expect(running.length).toBeLessThanOrEqual(limits.total)
        expect(most('clientId')).toBeLessThanOrEqual(limits.perClient)
        expect(most('host')).toBeLessThanOrEqual(limits.perHost)
      }
      for (const move of history) {
        if ('end' in move) await end(move.end % Math.max(1, running.length))
        else
          for (let nth = 0; nth < move.count; nth++)
            taken += Number(lanes.take(task(String(offered++), move.clientId, move.host)))
        check()
      }
      while (running.length > 0) {
        await end()
        check()
      }
      expect(new Set(begun).size).toBe(begun.length)
      expect(begun).toHaveLength(taken)
      // nothing that ran is held against those that come next
      for (const clientId of ['a', 'b', 'c', 'd', 'e']) {
        begun.length = 0
        take(lanes, 1, clientId, `${clientId}.example`)
        expect(begun).toHaveLength(1)
        await endAll()
      }
    })
    await fc.assert(property, { seed, numRuns: 300 })
  })
})
