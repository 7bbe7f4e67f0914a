/** Types for the parts of @elastic/mockotlpserver that the tests use; the package has no types. */
declare module '@elastic/mockotlpserver' {
  interface MockOtlpServerOptions {
    readonly services?: readonly ('http' | 'grpc')[]
    readonly logLevel?: string
    readonly httpHostname?: string
    readonly httpPort?: number
    readonly grpcHostname?: string
    readonly grpcPort?: number
    readonly onTrace?: (message: unknown) => void
    readonly onLogs?: (message: unknown) => void
    readonly onMetrics?: (message: unknown) => void
  }

  export class MockOtlpServer {
    constructor(options: MockOtlpServerOptions)
    readonly httpUrl: string | null
    readonly grpcUrl: string | null
    start(): Promise<void>
    close(): Promise<void>
  }
}
