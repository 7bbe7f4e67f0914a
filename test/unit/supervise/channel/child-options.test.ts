import { expect, test } from 'vitest'
import {
  childFlags,
  processEnvironment,
  threadEnvironment,
} from '../../../../src/supervise/channel/child-options.ts'

test('a child gets the variables of its runtime and no others', () => {
  const runtime = { TZ: 'UTC', NODE_EXTRA_CA_CERTS: '/ca.pem', UV_THREADPOOL_SIZE: '16' }
  const others = { PATH: '/bin', HOME: '/root', OTEL_EXPORTER_OTLP_HEADERS: 'a=b', BIFROST_SECRET_HOME: '/s' }
  expect(threadEnvironment({ ...runtime, ...others })).toEqual(runtime)
  expect(processEnvironment({ ...runtime, ...others })).toEqual(runtime)
})

test('a child process does not compete for the port of a debugger', () => {
  const NODE_OPTIONS = '--inspect=0.0.0.0:9229 --stack-trace-limit=50 --inspect-wait'
  expect(processEnvironment({ NODE_OPTIONS })).toEqual({ NODE_OPTIONS: '--stack-trace-limit=50' })
  // Node accepts process-wide flags for a thread only if they equal those of main exactly.
  expect(threadEnvironment({ NODE_OPTIONS })).toEqual({ NODE_OPTIONS })
  expect(childFlags('--a')).toEqual(['--disable-sigusr1', '--a'])
})

test.each([
  ['"--inspect=0.0.0.0:9229" --stack-trace-limit=50', '--stack-trace-limit=50'],
  ['--ins"pect-brk"', ''],
  ['"--inspe\\ct" --a', '--a'],
  ['--inspect-port 9229 --a', '--a'],
  ['--inspect --a  "--b=c d"', '--a "--b=c d"'],
  ['"--require=a \\"b\\" \\\\c" --title=a\\b', '"--require=a \\"b\\" \\\\c" --title=a\\b'],
])('NODE_OPTIONS are read as Node reads them: %s', (NODE_OPTIONS, left) => {
  expect(processEnvironment({ NODE_OPTIONS })).toEqual({ NODE_OPTIONS: left })
})
