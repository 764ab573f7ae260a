import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import packed from '@sparticuz/chromium'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { describe } from 'vitest'

// Not the package's own arguments: those put everything into one process and switch off what we want to see enforced.
const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']

async function launch(): Promise<Browser | undefined> {
  try {
    return await chromium.launch({ executablePath: await packed.executablePath(), args, headless: true })
  } catch (error) {
    if (process.env.CI === 'true') throw error
    console.warn('SKIPPING every test that needs a browser:', error instanceof Error ? error.message : error)
    return undefined
  }
}

let browser = await launch()

/** `describe` for tests that need a browser: skipped, and listed as such, where it cannot run. */
export const describeBrowser = browser ? describe : describe.skip

/** Somebody's browser, with cookies of its own, who clicked the warning of the confirmation page away. What it complains about is collected: refused scripts, failed requests, errors. */
export async function openBrowser(
  options: BrowserContextOptions = {},
): Promise<{ page: Page; complaints: string[]; close(): Promise<void> }> {
  // another test file of this process may have closed it
  if (browser && !browser.isConnected()) browser = await launch()
  if (!browser) throw new Error('no browser: call this inside describeBrowser')
  const context = await browser.newContext({
    viewport: { width: 1180, height: 820 },
    colorScheme: 'light',
    ignoreHTTPSErrors: true,
    ...options,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  return { page, complaints, close: () => context.close() }
}

export async function closeChromium(): Promise<void> {
  await browser?.close()
}

/** Keeps a picture of the page when `SCREENSHOTS` names a folder. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS
  if (!folder) return
  await mkdir(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}
