export { type TestClock as Clock, testClock as createClock } from 'oidc-provider-deferred/testing'
