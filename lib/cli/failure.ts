/** How the program ends. */
export const exitCodes = {
  done: 0,
  /** nothing was changed, or `doctor` has found something */
  unchanged: 1,
  usage: 2,
  notFound: 3,
  database: 4,
  unexpected: 5,
  interrupted: 130,
  closedPipe: 141,
} as const

/** The program ends with this message and this exit code. */
export class Failure extends Error {
  readonly exitCode: number

  constructor(exitCode: number, message: string, cause?: unknown) {
    super(message, { cause })
    this.exitCode = exitCode
  }
}

// the back office names its method first: `approve: by must be ...`
const wrongArgument = /^[a-z][a-zA-Z.]*: /

/** The exit code of an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Failure) return error.exitCode
  const chain = causesOf(error)
  if (chain.some(({ code }) => code === 'ERR_DEFERRAL_NOT_FOUND')) return exitCodes.notFound
  if (chain.some(({ name }) => name.startsWith('Mongo'))) return exitCodes.database
  const isRefusal = error instanceof TypeError || error instanceof RangeError
  return isRefusal && wrongArgument.test(error.message) ? exitCodes.usage : exitCodes.unexpected
}

/** The messages of an error and of its causes. */
export function messageOf(error: unknown): string {
  const messages = causesOf(error).map(({ message }) => message)
  return [...new Set(messages)].join(': ')
}

function causesOf(error: unknown): (Error & { code?: unknown })[] {
  if (!(error instanceof Error)) return error === undefined ? [] : [new Error(String(error))]
  return [error, ...causesOf(error.cause)]
}
