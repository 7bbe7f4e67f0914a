/** Generates docs/metrics.md from the metric catalogue. */
import { catalogue } from '../src/telemetry/metrics/catalogue/catalogue.ts'
import { type Metric, sampleNames } from '../src/telemetry/metrics/catalogue/metric.ts'
import {
  bifrostMetrics,
  type LegacyMetric,
  seedMetrics,
} from '../src/telemetry/metrics/text/prometheus-legacy.ts'

const intro = `# Metrics

<!-- Generated from src/telemetry/metrics/catalogue/catalogue.ts by \`npm run docs\`; a test fails when it is out of date. -->

One list, two ways out: OTLP (\`telemetry\` block of the configuration) and \`GET /metrics\` of the admin address, both made from the same numbers. All are cumulative
since the start of the daemon; a worker that is restarted goes on counting where it was, and what it holds (connections, memory) is zero until the next one holds something.

## What the attributes mean

Every metric of a worker has \`proxy.worker.name\` (\`forward_proxy\`, \`reverse_proxy\`, \`static_files\`, \`combined\`) and \`proxy.type\` (\`forward\`, \`reverse\`, \`static\`;
\`combined\` for what a combined worker has as a whole, or cannot say whose it is). No value comes from a client as it is:

* \`http.request.method\`: the nine methods of HTTP, or \`_OTHER\`.
* \`http.route\`: the path of the mount for files, \`/\` of the reverse target, \`proxy\` and \`CONNECT\` of the forward proxy; none for what was refused before it was
  known whose it is. Mounts after the 126th share \`_OTHER\`.
* \`http.response.status_code\`: what the client was sent; none when nothing was.
* \`error.type\`: only of what failed, that is cut short, or answered with 5xx: a code of [errors.md](errors.md), or the status where an upstream sent it.
* \`server.address\` and \`server.port\`: of the reverse target; a forward proxy's are its clients' choice and have none.

A service has at most 400 combinations of these in an instance (100 for attempts), and 2000 in all. What comes after them counts in one series of its own, with
\`otel.metric.overflow="true"\`. No series goes away while the daemon runs.

## What counts as a request

Each of these is **one** count of \`http.server.request.duration\` (and of \`worker_requests_total\`), when it is over:

* an exchange, however it ends: answered, refused, aborted by its client, by its upstream, by a deadline or by a stop;
* a stream of HTTP/2, however it ends; a stream that is malformed as HTTP/2 is reset first and not counted;
* a CONNECT or an upgrade, at the moment of the switch (or of its refusal): the tunnel that follows has its own metrics;
* bytes that are not a complete request but are answered: 400, 408, 414, 431, 505, method \`_OTHER\`, without a route. Their time is from the start of the
  connection, or 0 on one that has had a request before: the start of a head is not seen.

Not counted: a connection refused before a byte of it is read (503 at a limit of connections, or because no instance was available: \`proxy.connections.refused\`, with the code of the
answer as \`error.type\`), one whose handshake or
PROXY header fails, and one that ends before its request is whole without being answered.

An attempt is each try to send a request or an upgrade to an upstream, and each connect for a CONNECT. All are counted in \`proxy.upstream.attempts\`. In
\`http.client.request.duration\` counts requests to upstreams as the conventions define them. A CONNECT sends no HTTP to its target, so it is not counted there; its outcome is in the
status and \`error.type\` of the client's request. \`proxy.target.state\` follows the connects for requests and upgrades of a reverse proxy: no other service has a target.

Body sizes exclude heads and chunk framing. A request's size is the number of body bytes read; an unread body with a Content-Length counts with that length once it has arrived. The size
of a response that was cut short is the number of bytes passed to the connection.

## What is not here

* **Circuit breaker**: the daemon has none yet, so there is no metric of one. \`proxy.target.state\` says what requests find, and nothing acts on it.
* **Error rate**: the share of requests that failed for another reason than their client (\`CLIENT_ABORTED\`, \`CLIENT_STALLED\`), in PromQL
  \`sum(rate(http_server_request_duration_seconds_count{error_type!~"|CLIENT_.+"}[5m])) / sum(rate(http_server_request_duration_seconds_count[5m]))\`. The alert rules and the
  dashboard of \`deploy/\` count the same way.
* Counts by client address, user, host or path: they have no bound; the access log has them.

## Reading them

\`/metrics\` answers with Prometheus text 0.0.4, or with OpenMetrics 1.0 to clients that ask for it in \`Accept\`, compressed for clients that accept gzip.
\`/metrics?worker=reverse_proxy\` has the metrics of one worker and nothing else. A text of 256 KiB or more is made once for all who ask within four times of what it took to be made, a second at most;
who reads so slowly that newer ones fill 256 MiB is cut off. An instance that is a process of its own says what it has counted once a second and
when it ends; what a killed one has counted since is lost. A thread loses nothing.
`

/** Returns the page as Markdown. */
export function metricsPage(): string {
  return [
    intro,
    '## The list\n',
    '| Metric | In Prometheus | Instrument, unit | Attributes | |',
    '|---|---|---|---|---|',
    ...catalogue.map(row),
    '',
    'Names in italics are those of the semantic conventions of OpenTelemetry. Bounds of the histograms:\n',
    ...catalogue.flatMap(boundsOf),
    '',
    '## Names that only the Prometheus text has\n',
    'Before all others, without HELP and TYPE, three lines that dashboards of the design paper ask for, with `proxy_type` one of `ForwardProxy`, `ReverseProxy`,',
    '`StaticFiles`, `Combined`; then the names of the Rust project. The same numbers again: do not add them up with the others.\n',
    '| Name | Type | Labels | |',
    '|---|---|---|---|',
    ...[...seedMetrics, ...bifrostMetrics].map(legacyRow),
    '',
  ].join('\n')
}

function row(metric: Metric): string {
  const { name, instrument, unit, attributes, description, scope, isStandard } = metric
  const labels = attributes.map((attribute) => `\`${attribute}\``).join(', ')
  const where = scope === 'process' ? ' (whole process)' : scope === 'both' ? ' (main and workers)' : ''
  const shown = isStandard ? `*\`${name}\`*` : `\`${name}\``
  return `| ${shown} | \`${sampleNames(metric).at(-1)}\` | ${instrument}, \`${unit}\` | ${labels} | ${description}${where} |`
}

function boundsOf({ name, bounds }: Metric): readonly string[] {
  return bounds === undefined ? [] : [`* \`${name}\`: ${bounds.join(', ')}`]
}

function legacyRow({ name, type, labels, description }: LegacyMetric): string {
  return `| \`${name}\` | ${type} | ${labels.join(', ')} | ${description} |`
}
