import type { Case } from './case.ts'
import { authorityCases } from './cases/authority.ts'
import { chunkCases } from './cases/chunks.ts'
import { connectionCases } from './cases/connections.ts'
import { endCases } from './cases/ends.ts'
import { fieldCases } from './cases/fields.ts'
import { fileCases } from './cases/files.ts'
import { forwardingCases } from './cases/forwarding.ts'
import { framingCases } from './cases/framing.ts'
import { hostCases } from './cases/host.ts'
import { interimCases } from './cases/interim.ts'
import { laterCases } from './cases/later.ts'
import { methodCases } from './cases/methods.ts'
import { pipelineCases } from './cases/pipelines.ts'
import { requestLineCases } from './cases/request-line.ts'
import { responseCases } from './cases/responses.ts'
import { sizeCases } from './cases/sizes.ts'
import { tunnelCases } from './cases/tunnels.ts'
import { uploadCases } from './cases/uploads.ts'

/** The suite, by topic. */
export const topics: Readonly<Record<string, readonly Case[]>> = {
  'Request line and target': requestLineCases,
  Methods: methodCases,
  'Absolute-form': authorityCases,
  Host: hostCases,
  'Framing of requests': framingCases,
  'Chunked bodies': chunkCases,
  'Fields and hop-by-hop fields': fieldCases,
  'Forwarding and expectations': forwardingCases,
  'Sizes and numbers': sizeCases,
  Responses: responseCases,
  'Informational responses': interimCases,
  'Ends of bodies and connections': endCases,
  'Uploads that are answered early': uploadCases,
  'Pipelined requests': pipelineCases,
  'Later requests of a connection': laterCases,
  'CONNECT and Upgrade': tunnelCases,
  Files: fileCases,
  Connections: connectionCases,
}
