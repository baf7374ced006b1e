// Two faults of kafkajs 2.2.4, mended in its own classes: importing this file is enough.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const RequestQueue = require('kafkajs/src/network/requestQueue/index.js') as {
  prototype: { scheduleCheckPendingRequests(this: { pending: unknown[]; throttledUntil: number }): void }
}
const Connection = require('kafkajs/src/network/connection.js') as {
  prototype: { disconnect(this: { socket: { destroyed: boolean } | null }): Promise<boolean> }
}

// kafkajs sets a timer of minus fifty years after each response. The timer fires at once and sets the next one: a
// thousand times a second for each connection, forever.
const scheduleCheck = RequestQueue.prototype.scheduleCheckPendingRequests
RequestQueue.prototype.scheduleCheckPendingRequests = function () {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) scheduleCheck.call(this)
}

// kafkajs disconnects a connection again with each retry, and each time adds a listener to a socket that is closed.
const disconnect = Connection.prototype.disconnect
Connection.prototype.disconnect = function () {
  if (this.socket?.destroyed === true) this.socket = null
  return disconnect.call(this)
}
