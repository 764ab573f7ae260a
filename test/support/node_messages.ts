import type { ChildProcess } from 'node:child_process'
import type { Deferral } from 'oidc-provider-deferred'
import type { Method, ProviderNode } from './node.js'

/** From parent to child: a call of the provider with this number. */
export interface Call {
  call: number
  provider: number
  method: Method
  args: unknown[]
}

/** An event of the plugin, and when the process said so: nanoseconds of the clock that all processes of a machine share. */
export interface Happening {
  event: string
  deferral: Deferral
  at: bigint
}

/** From child to parent. */
export type Report =
  | (Happening & { provider: number })
  | { call: number; result: unknown }
  | { call: number; message: string }

/** What the process writes, as it comes. */
export function collect({ stdout, stderr }: ChildProcess): string[] {
  const written: string[] = []
  for (const stream of [stdout, stderr]) stream?.setEncoding('utf8').on('data', (text: string) => written.push(text))
  return written
}

/** Calls of the providers in a process, and their events. */
export function converse(child: ChildProcess) {
  const open = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  const events = new Map<number, ProviderNode['events']>()
  child.on('message', (report: Report) => {
    if ('event' in report) return events.get(report.provider)?.push(report)
    const { resolve, reject } = open.get(report.call)!
    open.delete(report.call)
    return 'message' in report ? reject(new Error(report.message)) : resolve(report.result)
  })
  child.once('close', () => {
    for (const { reject } of open.values()) reject(new Error('the provider process died'))
  })
  let made = 0
  const calls =
    (provider: number) =>
    (method: Method) =>
    (...args: unknown[]) =>
      new Promise<unknown>((resolve, reject) => {
        made += 1
        open.set(made, { resolve, reject })
        child.send({ call: made, provider, method, args } satisfies Call, (error) => error && reject(error))
      })
  return { events, calls }
}
