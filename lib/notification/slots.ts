/** A due notification, and the host of its endpoint. */
export interface Task {
  id: string
  clientId: string
  host: string
}

/** The greatest numbers of tasks and clients. */
export interface Limits {
  /** running tasks per host */
  perHost: number
  /** running tasks per client */
  perClient: number
  /** running tasks */
  total: number
  /** queued tasks per client */
  backlog: number
  /** clients with queued tasks */
  clients: number
}

/** The lane of a task. */
export interface Lane {
  /** Resolves when the lane is free for this task. */
  enter(): Promise<void>
  /** Frees the lane. The end of the work frees it as well. */
  leave(): void
}

/** The work of a task. Only the time from `enter` to `leave` counts for the limits per client and host. */
export type Work<T extends Task> = (task: T, lane: Lane) => Promise<void>

/** Runs tasks and counts their lanes: those of each client, those at each host, and all tasks. */
export function createSlots<T extends Task>(
  limits: Limits,
  work: Work<T>,
  { onFree, onEnd }: { onFree: () => void; onEnd: (task: T) => void },
) {
  const running = new Set<Promise<void>>()
  const lanes = createLaneCounts<T>(limits, onFree)
  const isFull = () => running.size >= limits.total
  return {
    /** Whether the limit of running tasks is reached. */
    isFull,
    isFree: (task: T) => !isFull() && lanes.isFree(task),
    isFreeAhead: (task: T) => !isFull() && lanes.isFreeAhead(task),
    run(task: T) {
      const lane = lanes.take(task)
      const run = work(task, lane).finally(() => {
        running.delete(run)
        onEnd(task)
        lane.leave()
        // until its end a task counts towards `total`, even without its lane
        onFree()
      })
      running.add(run)
    },
    async idle() {
      await Promise.all(running)
    },
  }
}

/** Counts the lanes in use, and the tasks that have begun and wait for one. */
function createLaneCounts<T extends Task>(limits: Limits, onFree: () => void) {
  const lanes = createCounts(limits)
  const ahead = createCounts(limits)
  const waiting = new Map<T, () => void>()

  function letIn(): void {
    for (const [task, enter] of waiting) {
      if (!lanes.isFree(task)) continue
      waiting.delete(task)
      ahead.add(task, -1)
      lanes.add(task, 1)
      enter()
    }
  }

  function leave(task: T): void {
    const hasLane = !waiting.delete(task)
    if (hasLane) lanes.add(task, -1)
    else ahead.add(task, -1)
    letIn()
    onFree()
  }

  return {
    isFree: lanes.isFree,
    isFreeAhead: ahead.isFree,
    take(task: T): Lane {
      const isFree = lanes.isFree(task)
      const counts = isFree ? lanes : ahead
      counts.add(task, 1)
      const entered = isFree ? Promise.resolve() : new Promise<void>((resolve) => waiting.set(task, resolve))
      let hasLeft = false
      return {
        enter: () => entered,
        leave() {
          if (hasLeft) return
          hasLeft = true
          leave(task)
        },
      }
    },
  }
}

function createCounts({ perClient, perHost }: Limits) {
  const ofClient = createCount()
  const ofHost = createCount()
  return {
    isFree: ({ clientId, host }: Task) => ofClient.get(clientId) < perClient && ofHost.get(host) < perHost,
    add({ clientId, host }: Task, change: 1 | -1) {
      ofClient.add(clientId, change)
      ofHost.add(host, change)
    },
  }
}

function createCount() {
  const counts = new Map<string, number>()
  return {
    get: (name: string) => counts.get(name) ?? 0,
    add(name: string, change: number) {
      const count = (counts.get(name) ?? 0) + change
      if (count > 0) counts.set(name, count)
      else counts.delete(name)
    },
  }
}
