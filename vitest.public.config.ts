/** Runs the suites that meet transports again, on the public API of Node alone. */
import { mergeConfig } from 'vitest/config'
import base from './vitest.config.ts'

const config = mergeConfig(base, { test: { setupFiles: ['test/kit/engine/public-api.ts'] } })
config.test.include = [
  'test/conformance/**/*.test.ts',
  'test/integration/data-plane/{heads,lifetime,tunnels,upstreams}/**/*.test.ts',
]

// Public API cannot give a connection away.
config.test.exclude = ['test/integration/data-plane/lifetime/detach.test.ts']

export default config
