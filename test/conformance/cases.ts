import type { Case } from './case.ts'
import { authorityCases } from './cases/authority.ts'
import { connectionCases } from './cases/connections.ts'
import { fieldCases } from './cases/fields.ts'
import { forwardingCases } from './cases/forwarding.ts'
import { framingCases } from './cases/framing.ts'
import { hostCases } from './cases/host.ts'
import { requestLineCases } from './cases/request-line.ts'
import { responseCases } from './cases/responses.ts'

/** The suite, by topic. */
export const topics: Readonly<Record<string, readonly Case[]>> = {
  'Request line and target': requestLineCases,
  'Absolute-form': authorityCases,
  Host: hostCases,
  'Framing of requests': framingCases,
  'Fields and hop-by-hop fields': fieldCases,
  'Forwarding and expectations': forwardingCases,
  Responses: responseCases,
  'Connections, tunnels and paths': connectionCases,
}
