// Preloaded with `node --require`: reverse_proxy instances do not start while the file `flag` exists.
const { existsSync } = require('node:fs')
const { isMainThread, workerData } = require('node:worker_threads')

module.exports = (flag) => {
  const id = isMainThread ? process.argv[2] : workerData?.boot?.id
  const never = new Int32Array(new SharedArrayBuffer(4))
  if (id?.startsWith('reverse_proxy#')) {
    while (existsSync(flag)) Atomics.wait(never, 0, 0, 20)
  }
}
