export { mongoAdapter } from './adapter/adapter.js'
export { mongoStore } from './store/store.js'
