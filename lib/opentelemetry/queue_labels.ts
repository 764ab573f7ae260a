/** The label of a queue; `undefined` for deferrals without one. */
export type QueueLabel = (queue: string | undefined) => { 'deferral.queue'?: string }

const other = 'other'

/** The first `limit` queues keep their names, all others are `other`: the number of time series stays bounded. */
export function queueLabels(limit: number): QueueLabel {
  const named = new Set<string>()
  return (queue) => {
    if (queue === undefined) return {}
    if (!named.has(queue) && named.size < limit) named.add(queue)
    return { 'deferral.queue': named.has(queue) ? queue : other }
  }
}
