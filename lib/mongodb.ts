export { mongoAdapter } from './adapter/mongodb.js'
export { mongoStore } from './stores/mongodb.js'
