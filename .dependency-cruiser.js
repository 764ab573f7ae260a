/*
 * Which folder may import which; `npm run lint` checks it. Imports of types count everywhere: a folder that needs another one's
 * types depends on it.
 */

/** The folders of lib that a folder may import, besides itself. */
const imports = {
  deferral: [],
  // what it publishes is known to the model; whoever publishes imports it
  diagnostics: ['deferral/'],
  store: ['deferral/'],
  mongodb: ['deferral/', 'store/'],
  back_office: ['deferral/', 'diagnostics/'],
  notification: ['deferral/', 'diagnostics/'],
  host: ['deferral/', 'back_office/'],
  options: ['deferral/', 'store/', 'host/types.ts', 'notification/egress/addresses.ts'],
  protocol: ['deferral/', 'diagnostics/', 'host/', 'notification/', 'options/', 'plugin.ts'],
  // it plays a whole deployment: provider, store, reviewer, client
  testing: [
    'deferral/',
    'store/',
    'host/',
    'notification/endpoint.ts',
    'options/',
    'protocol/',
    'plugin.ts',
    'provider.ts',
    'client/node_listener.ts',
  ],
  // what operators use comes through the back office and the public types
  console: ['back_office/', 'index.ts', 'host/hung_up.ts'],
  // the guarded way out, and the checks of options
  authzen: [
    'back_office/',
    'index.ts',
    'notification/egress/',
    'notification/deadline.ts',
    'deferral/json.ts',
    'deferral/shape.ts',
    'options/checks.ts',
    // a fault of the option `alert` becomes a warning
    'deferral/warnings.ts',
    // callbacks make tasks due
    'protocol/tasks.ts',
    // refreshed tokens end when the policy decision point says so
    'protocol/limited_refresh.ts',
  ],
  // the back office without a provider, on the one store that has a server; doctor looks at that server and at the ids of keys
  cli: [
    'back_office/',
    'index.ts',
    'deferral/events.ts',
    'deferral/records.ts',
    'mongodb/store/',
    'notification/key_id.ts',
  ],
  // over the channels and the back office
  opentelemetry: ['diagnostics/', 'index.ts'],
  // clients must not have to install the server
  client: [],
}

const listed = Object.keys(imports).join('|')

const folders = Object.entries(imports).map(([folder, others]) => ({
  name: `lib/${folder}`,
  comment: `lib/${folder} imports itself${others.length ? ` and ${others.join(', ')}` : ' only'}`,
  severity: 'error',
  from: { path: `^lib/${folder}/` },
  to: { path: '^(lib|test|example-app)/', pathNot: `^lib/(${[`${folder}/`, ...others].join('|')})` },
}))

export default {
  forbidden: [
    ...folders,
    {
      name: 'unlisted-folder',
      comment: 'a folder of lib without an entry in the list above: say what it may import',
      severity: 'error',
      from: { path: `^lib/(?!(${listed})/)[^/]+/` },
      to: {},
    },
    {
      name: 'deferral-alone',
      comment: 'lib/deferral needs no package: it is the model, and neither the host nor a database',
      severity: 'error',
      from: { path: '^lib/deferral/' },
      to: { pathNot: '^lib/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'client-anywhere',
      comment: 'lib/client runs in browsers and workers: nothing of Node.js, no package but its peers',
      severity: 'error',
      from: { path: '^lib/client/' },
      to: { pathNot: '^lib/client/|node_modules/(openid-client|oauth4webapi)/' },
    },
    {
      name: 'host-internals',
      comment: "only lib/host reaches into oidc-provider's own files",
      severity: 'error',
      from: { path: '^(lib|example-app)/', pathNot: '^lib/host/' },
      to: { path: 'node_modules/oidc-provider/lib/(?!index[.]js$)' },
    },
    {
      name: 'overrides-in-one-list',
      comment: 'overrides are made once per provider: through the list in lib/host/overrides/install.ts',
      severity: 'error',
      from: { pathNot: '^lib/host/overrides/' },
      to: { path: '^lib/host/overrides/(?!install[.]ts$)' },
    },
    {
      name: 'requests-without-overrides',
      comment: 'what is done per request (grants, request) needs nothing of what is done once per provider (overrides)',
      severity: 'error',
      from: { path: '^lib/host/(grants|request)/' },
      to: { path: '^lib/host/overrides/' },
    },
    {
      name: 'egress-alone',
      comment: 'only lib/notification/egress opens connections, and it decides by itself which',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/(notification/egress|mongodb|client|testing)/' },
      to: { path: ['^(node:)?(net|tls|http|https|http2|dgram|dns)(/|$)', 'node_modules/undici/'] },
    },
    {
      name: 'package-by-name',
      comment: 'example-app imports the package by its name, as integrators do',
      severity: 'error',
      from: { path: '^example-app/' },
      to: { path: '^lib/' },
    },
    {
      name: 'console-on-demand',
      comment: 'only who uses the console loads it: its pages, its assets and Koa',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/console/' },
      to: { path: '^lib/console/', dependencyTypesNot: ['dynamic-import'] },
    },
    {
      name: 'no-circles',
      comment: 'the console needs the types of the whole package, and devConsole loads it on demand',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { pathNot: '^lib/dev_console[.]ts$' } },
    },
    {
      name: 'no-orphans',
      comment: 'a file that nothing imports and that imports nothing',
      severity: 'error',
      from: { orphan: true, pathNot: ['[.]d[.]ts$', '^(example-app|lib/console)/assets/'] },
      to: {},
    },
  ],
  options: {
    // TypeScript 7 has no API yet that other tools could parse with
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['node_modules', '^dist/'] },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types'] },
  },
}
