import { access, mkdir, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const groups = '/sys/fs/cgroup'
// microseconds: short, so that a process is never paused for long
const period = 20_000

/** Gives a process this share of one core at most, by a control group of its own. Resolves to what ends that. */
export async function limitCpu(pid: number, share: number): Promise<() => Promise<void>> {
  const quota = Math.round(share * period)
  const isFirstVersion = await access(join(groups, 'cpu')).then(
    () => true,
    () => false,
  )
  const group = join(groups, ...(isFirstVersion ? ['cpu'] : []), `bench-${pid}`)
  const write = (name: string, value: string | number) => writeFile(join(group, name), String(value))
  await mkdir(group)
  if (isFirstVersion) {
    await write('cpu.cfs_period_us', period)
    await write('cpu.cfs_quota_us', quota)
  } else await write('cpu.max', `${quota} ${period}`)
  await write('cgroup.procs', pid)
  return () => rmdir(group)
}
