import { readFileSync } from 'node:fs'
import { access } from './access.mjs'
import { report } from './checks.mjs'
import { direct } from './direct.mjs'
import { startPdp } from './pdp.mjs'
import { startPhone } from './phone.mjs'
import { phones } from './phones.mjs'
import { startProvider } from './provider.mjs'

const certificate = JSON.parse(readFileSync('certificate.json', 'utf8'))
const decisions = { payments: 'request', secrets: 'deny' }
const pdp = await startPdp({ certificate, decide: (action) => decisions[action] ?? 'permit' })
const phone = await startPhone()
const op = await startProvider({ pdp, phone: phone.url, certificate })
try {
  console.log('A policy decision point and its access request service')
  await access(op, pdp)
  console.log('A phone of CIBA')
  await phones(op, phone)
  console.log('Direct deferral')
  await direct(op)
} finally {
  await Promise.all([op.close(), pdp.close(), phone.close()])
}
console.log(`${report.passed} as expected, ${report.differences.length} differ`)
process.exitCode = report.differences.length ? 1 : 0
