/** Lets the event loop take a turn, in which other work of the process runs. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
