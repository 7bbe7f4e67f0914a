/**
 * `churn.ts PORT CLIENTS`: clients that reconnect without pause until stopped. Reports their results to the
 * parent on request.
 */
import { keepReconnecting, type ReconnectResult } from '../../test/kit/clients/reconnecting-clients.ts'

const [port = '0', clients = '8'] = process.argv.slice(2)
const stop = Promise.withResolvers<void>()
let seen: Readonly<ReconnectResult> | null = null
// The benchmark was killed.
process.on('disconnect', () => process.exit())
process.on('message', (message) => {
  if (message === 'stop') stop.resolve()
  else process.send?.(seen)
})
const result = await keepReconnecting(Number(port), Number(clients), (growing) => {
  seen = growing
  return stop.promise
})
process.send?.(result)
process.disconnect?.()
