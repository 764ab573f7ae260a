import { build, type Rolldown } from 'vite'

/** Bundles a module for browsers. Node.js' own modules stay imports, so that they are seen. */
export async function bundle(input: string, external: string[] = []) {
  const { output } = (await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: true,
      modulePreload: false,
      rollupOptions: {
        input,
        external: [...external, /^node:/],
        preserveEntrySignatures: 'strict',
        output: { format: 'es' },
      },
    },
  })) as Rolldown.RolldownOutput
  const chunks = output.filter((one) => one.type === 'chunk')
  return {
    files: new Map(chunks.map(({ fileName, code }) => [fileName, code])),
    entry: chunks.find(({ isEntry }) => isEntry)!.fileName,
    imports: [...new Set(chunks.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports]))],
  }
}
