/** Setup of the test runner: the tests use transports on public API only. */
import { use } from '../../../src/http/transport/handles.ts'

use.handles = false
