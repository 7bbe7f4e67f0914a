// To be loaded first (`node --require`): instances of reverse_proxy do not start while the file SLOW_START exists.
const { existsSync } = require('node:fs')
const { isMainThread, workerData } = require('node:worker_threads')

const id = isMainThread ? process.argv[2] : workerData?.boot?.id
const never = new Int32Array(new SharedArrayBuffer(4))
if (id?.startsWith('reverse_proxy#')) {
  while (existsSync(process.env.SLOW_START)) Atomics.wait(never, 0, 0, 20)
}
