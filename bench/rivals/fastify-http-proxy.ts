/** A reverse proxy with @fastify/http-proxy. */
import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'

const [port = 0, originPort] = process.argv.slice(2).map(Number)
const server = fastify({ logger: false })
await server.register(httpProxy, {
  upstream: `http://127.0.0.1:${originPort}`,
  undici: { connections: 128, pipelining: 1, keepAliveTimeout: 600_000 },
  replyOptions: {
    rewriteRequestHeaders: (request, headers) => ({
      ...headers,
      'x-forwarded-for': request.ip,
      'x-forwarded-proto': request.protocol,
    }),
    // It forwards the origin's "Connection: keep-alive" to a client that asked to close, and answers the next
    // request with 400.
    rewriteHeaders: ({ connection: _, ...headers }) => headers,
  },
})
await server.listen({ port, host: '127.0.0.1' })
