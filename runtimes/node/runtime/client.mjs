// The Runtime API (docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) over one kept-alive connection.
//
// Speaks HTTP/1.1 on a bare socket: node:http costs every cold start a millisecond more, and is only for streams.
import http from "node:http";
import net from "node:net";

const VERSION = "2018-06-01";
const ERROR_TYPE = "Lambda-Runtime-Function-Error-Type";
const ERROR_BODY = "Lambda-Runtime-Function-Error-Body";

// One connection, one request at a time. While none waits, or only an idle one, it does not keep the event loop alive, so
// that an empty loop can be seen.
class Connection {
  #socket;
  #pieces = [];
  #have = 0;
  #need = 0; // bytes that the answer has at least
  #waiting;

  constructor(host, port) {
    this.#socket = net.connect({ host, port, noDelay: true });
    this.#socket.on("data", (data) => this.#take(data));
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("the Runtime API closed the connection")));
  }

  get free() {
    return this.#waiting === undefined && !this.#socket.destroyed;
  }

  // Answers {status, headers, body}.
  send(bytes, idle) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (idle) this.#socket.unref();
      else this.#socket.ref();
      this.#socket.write(bytes);
    });
  }

  #take(data) {
    this.#pieces.push(data);
    this.#have += data.length;
    if (this.#have < this.#need) return;
    const whole = this.#pieces.length === 1 ? data : Buffer.concat(this.#pieces);
    const { answer, need } = parse(whole);
    this.#pieces = answer ? [] : [whole];
    this.#have = answer ? 0 : whole.length;
    this.#need = need;
    if (!answer) return;
    this.#settle()?.resolve(answer);
    if (answer.headers.connection === "close") this.#socket.destroy();
  }

  #fail(error) {
    this.#socket.destroy();
    this.#settle()?.reject(error);
  }

  #settle() {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#socket.unref();
    return waiting;
  }
}

// {answer}, or {need}, the bytes that there have to be, while some are missing. The Runtime API tells every length.
function parse(buffer) {
  const end = buffer.indexOf("\r\n\r\n");
  if (end < 0) return { need: buffer.length + 1 };
  const [first, ...lines] = buffer.latin1Slice(0, end).split("\r\n");
  const status = Number(first.split(" ", 2)[1]);
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const length = Number(headers["content-length"] ?? 0);
  const need = end + 4 + length;
  if (buffer.length < need) return { need };
  return { answer: { status, headers, body: buffer.utf8Slice(end + 4, need) }, need: 0 };
}

export class Client {
  #host;
  #port;
  #connection;
  #coming; // the next invocation, as the answer to the last response

  constructor(address) {
    const colon = address.lastIndexOf(":");
    this.#host = address.slice(0, colon);
    this.#port = Number(address.slice(colon + 1));
  }

  // The next invocation: {headers, body}. Waits for as long as it takes; idle, without keeping the event loop alive.
  async next({ idle = false } = {}) {
    const coming = await this.answered();
    if (coming?.status === 200) return coming;
    const answer = await this.#request("GET", "/runtime/invocation/next", "", {}, idle);
    if (answer.status !== 200) throw new Error(`runtime/invocation/next answered ${answer.status}: ${answer.body}`);
    return answer;
  }

  // What a generic runtime shall become: {environment, working_folder}. Waits for as long as it takes.
  async function() {
    const answer = await this.#request("GET", "/runtime/gust/function");
    if (answer.status !== 200) throw new Error(`runtime/gust/function answered ${answer.status}: ${answer.body}`);
    return JSON.parse(answer.body);
  }

  // What is wrong with it next() hears of: the next invocation comes as its answer (docs/formats/runtime-api.md).
  respond(requestId, body, { contentType = "application/json", idle = false } = {}) {
    const headers = { "Content-Type": contentType, "Gust-Then": "next" };
    this.#coming = this.#request("POST", `/runtime/invocation/${requestId}/response`, body, headers, idle);
  }

  // Of respond(), if it was called since.
  async answered() {
    const coming = this.#coming;
    this.#coming = undefined;
    return coming;
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
    const options = { method, path: `/${VERSION}${path}`, host: this.#host, port: this.#port, agent: false, headers };
    return http.request(options, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () =>
        done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts).toString() }),
      );
    });
  }

  async #request(method, path, body = "", headers = {}, idle = false) {
    let text = `${method} /${VERSION}${path} HTTP/1.1\r\nHost: ${this.#host}:${this.#port}\r\n`;
    for (const name in headers) text += `${name}: ${headers[name]}\r\n`;
    if (method === "POST") text += `Content-Length: ${Buffer.byteLength(body)}\r\n`;
    // One that waits for the next event may be busy when an error has to be told.
    if (!this.#connection?.free) this.#connection = new Connection(this.#host, this.#port);
    return this.#connection.send(`${text}\r\n${body}`, idle);
  }
}

// A header holds printable ASCII only.
const headerText = (text) => String(text).replace(/[^\x20-\x7e]/g, "?");

function errorHeaders(error) {
  return { "Content-Type": "application/json", [ERROR_TYPE]: headerText(error.errorType) };
}
