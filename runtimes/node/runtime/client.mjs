// The Runtime API (docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) over one kept-alive connection.
import http from "node:http";

const VERSION = "2018-06-01";
const ERROR_TYPE = "Lambda-Runtime-Function-Error-Type";
const ERROR_BODY = "Lambda-Runtime-Function-Error-Body";

export class Client {
  #host;
  #port;
  // An idle connection does not keep the event loop alive, so an empty loop can be seen.
  #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

  constructor(address) {
    const colon = address.lastIndexOf(":");
    this.#host = address.slice(0, colon);
    this.#port = Number(address.slice(colon + 1));
  }

  // The next invocation: {headers, body}. Waits for as long as it takes.
  async next() {
    const answer = await this.#request("GET", "/runtime/invocation/next");
    if (answer.status !== 200) throw new Error(`runtime/invocation/next answered ${answer.status}: ${answer.body}`);
    return answer;
  }

  // What a generic runtime shall become: {environment, working_folder}. Waits for as long as it takes.
  async function() {
    const answer = await this.#request("GET", "/runtime/gust/function");
    if (answer.status !== 200) throw new Error(`runtime/gust/function answered ${answer.status}: ${answer.body}`);
    return JSON.parse(answer.body);
  }

  respond(requestId, body, contentType = "application/json") {
    return this.#request("POST", `/runtime/invocation/${requestId}/response`, body, { "Content-Type": contentType });
  }

  // Sends the response piece by piece; answers the stream to write to, a promise of the end, and how to say that it
  // failed on the way.
  stream(requestId, contentType) {
    const headers = {
      "Content-Type": contentType,
      "Lambda-Runtime-Function-Response-Mode": "streaming",
      "Transfer-Encoding": "chunked",
      Trailer: [ERROR_TYPE, ERROR_BODY].join(", "),
    };
    let request;
    const sent = new Promise((resolve, reject) => {
      request = this.#open("POST", `/runtime/invocation/${requestId}/response`, headers, resolve);
      request.on("error", reject);
    });
    const fail = (error) => {
      request.addTrailers({
        [ERROR_TYPE]: headerText(error.errorType),
        [ERROR_BODY]: Buffer.from(JSON.stringify(error)).toString("base64"),
      });
      request.end();
    };
    return { request, sent, fail };
  }

  fail(requestId, error) {
    return this.#request("POST", `/runtime/invocation/${requestId}/error`, JSON.stringify(error), errorHeaders(error));
  }

  failInit(error) {
    return this.#request("POST", "/runtime/init/error", JSON.stringify(error), errorHeaders(error));
  }

  #open(method, path, headers, done) {
    const options = { method, path: `/${VERSION}${path}`, host: this.#host, port: this.#port, agent: this.#agent, headers };
    return http.request(options, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () =>
        done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts).toString() }),
      );
    });
  }

  #request(method, path, body = "", headers = {}) {
    return new Promise((resolve, reject) => {
      const sized = method === "POST" ? { ...headers, "Content-Length": Buffer.byteLength(body) } : headers;
      const request = this.#open(method, path, sized, resolve);
      request.on("error", reject);
      request.setNoDelay(true);
      request.end(body);
    });
  }
}

// A header holds printable ASCII only.
const headerText = (text) => String(text).replace(/[^\x20-\x7e]/g, "?");

function errorHeaders(error) {
  return { "Content-Type": "application/json", [ERROR_TYPE]: headerText(error.errorType) };
}
