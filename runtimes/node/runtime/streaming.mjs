// awslambda.streamifyResponse: a handler (event, responseStream, context) whose response is sent as it is written.
// A handler that is marked so is told apart by a symbol on it.
import { toReport } from "./errors.mjs";
import { writeError } from "./logs.mjs";

const STREAMS = Symbol.for("aws.lambda.runtime.handler.streaming");
const METADATA_TYPE = "application/vnd.awslambda.http-integration-response";
const METADATA_END = Buffer.alloc(8); // eight zero bytes part the metadata from the body

export function installGlobals() {
  globalThis.awslambda = {
    streamifyResponse: (handler, options) => {
      handler[STREAMS] = "response";
      if (options?.highWaterMark !== undefined) handler.highWaterMark = options.highWaterMark;
      return handler;
    },
    HttpResponseStream: {
      from: (stream, metadata) => {
        stream.setContentType(METADATA_TYPE);
        stream.write(JSON.stringify(metadata));
        stream.write(METADATA_END);
        return stream;
      },
    },
  };
}

export function streams(handler) {
  return handler[STREAMS] === "response";
}

export async function serveStreaming(client, handler, event, context) {
  let contentType = "application/octet-stream";
  let opened;
  const open = () => (opened ??= client.stream(context.awsRequestId, contentType));
  const { request, sent } = lazyStream(open, (type) => (contentType = type));
  try {
    await handler(event, request, context);
    if (!opened) request.end();
  } catch (error) {
    if (!opened) throw error;
    writeError("Invoke Error", error);
    opened.fail(toReport(error));
  }
  await sent();
}

// The request starts with the first byte, so that the content type can still be set before it.
function lazyStream(open, setContentType) {
  const target = {
    setContentType,
    write: (...values) => open().request.write(...values),
    end: (...values) => open().request.end(...values),
  };
  const request = new Proxy(target, {
    get: (own, name) => {
      if (name in own) return own[name];
      const inner = open().request;
      const value = inner[name];
      return typeof value === "function" ? value.bind(inner) : value;
    },
  });
  return { request, sent: () => open().sent };
}
