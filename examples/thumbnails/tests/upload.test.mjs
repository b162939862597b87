// The upload function on an in-memory store: node --test examples/thumbnails/tests/
import assert from "node:assert/strict";
import { test } from "node:test";
import { photoApi } from "../upload/api.mjs";
import { nameOf, photoKey, safeName } from "../upload/keys.mjs";

class MemoryStore {
  photos = new Map();
  thumbnails = new Map();
  failures = new Map();

  async putPhoto(key, body, contentType) {
    this.photos.set(key, { body, contentType });
  }
  async hasPhoto(key) {
    return this.photos.has(key);
  }
  async listPhotos(limit, cursor = "") {
    const keys = [...this.photos.keys()].sort().filter((key) => key > cursor);
    const page = keys.slice(0, limit);
    return { photos: page.map((key) => ({ key, size: 1 })), cursor: keys.length > limit ? page.at(-1) : undefined };
  }
  async finished(prefix) {
    return new Set((prefix ? this.failures : this.thumbnails).keys());
  }
  async getThumbnail(key) {
    return this.thumbnails.get(key) ?? null;
  }
  async failureReason(key) {
    return this.failures.get(key) ?? null;
  }
}

function setUp(maxBytes = 1000) {
  const store = new MemoryStore();
  const handler = photoApi({ store, maxBytes });
  const call = async (routeKey, event = {}) => {
    const answer = await handler({ routeKey, headers: {}, ...event });
    const isJson = answer.headers["content-type"] === "application/json";
    return { ...answer, value: isJson ? JSON.parse(answer.body) : undefined };
  };
  return { store, call };
}

const picture = (bytes = Buffer.from([0xff, 0xd8, 0xff, 0x00]), headers = {}) => ({
  headers: { "content-type": "image/jpeg", ...headers },
  body: bytes.toString("base64"),
  isBase64Encoded: true,
});

test("an upload keeps bytes, type and name", async () => {
  const { store, call } = setUp();
  const bytes = Buffer.from([0, 255, 128, 10, 13]);
  const answer = await call("POST /photos", picture(bytes, { "x-file-name": "h%C3%BCtte%20am%20see.jpg" }));
  assert.equal(answer.statusCode, 201);
  assert.equal(answer.value.name, "hütte-am-see.jpg");
  const stored = store.photos.get(answer.value.key);
  assert.deepEqual(stored.body, bytes);
  assert.equal(stored.contentType, "image/jpeg");
  assert.equal(answer.headers.location, `/photos/${encodeURIComponent(answer.value.key)}/thumbnail`);
});

test("the name may come from the query", async () => {
  const { call } = setUp();
  const answer = await call("POST /photos", { ...picture(), queryStringParameters: { name: "cat.jpg" } });
  assert.equal(answer.value.name, "cat.jpg");
});

test("uploads that cannot be right are refused and store nothing", async () => {
  const { store, call } = setUp(10);
  const refused = async (status, code, event) => {
    const answer = await call("POST /photos", event);
    assert.equal(answer.statusCode, status);
    assert.equal(answer.value.error, code);
    assert.ok(answer.value.message.length > 10);
  };
  await refused(400, "empty", picture(Buffer.alloc(0)));
  await refused(400, "empty", { headers: { "content-type": "image/png" } });
  await refused(413, "too_large", picture(Buffer.alloc(11)));
  await refused(415, "not_an_image", picture(undefined, { "content-type": "text/html" }));
  await refused(415, "not_an_image", picture(undefined, { "content-type": "image/" }));
  await refused(415, "not_an_image", { body: "x" });
  await refused(400, "bad_name", picture(undefined, { "x-file-name": "%E0%A4%A" }));
  assert.equal(store.photos.size, 0);
});

test("content type parameters are ignored and the limit itself is accepted", async () => {
  const { call } = setUp(10);
  const answer = await call("POST /photos", picture(Buffer.alloc(10), { "content-type": "Image/PNG; q=1" }));
  assert.equal(answer.statusCode, 201);
  assert.equal(answer.value.contentType, "image/png");
});

test("the list says which thumbnails are ready, pending and failed", async () => {
  const { store, call } = setUp();
  for (const key of ["a", "b", "c"]) await store.putPhoto(key, Buffer.alloc(1), "image/png");
  store.thumbnails.set("a", {});
  store.failures.set("b", "The picture is damaged.");
  const { value } = await call("GET /photos");
  assert.deepEqual(value.photos.map((photo) => photo.status), ["ready", "failed", "pending"]);
  assert.equal(value.photos[1].reason, "The picture is damaged.");
  assert.equal(value.cursor, null);
});

test("an empty list is a list", async () => {
  const { call } = setUp();
  assert.deepEqual((await call("GET /photos")).value, { photos: [], cursor: null });
});

test("pages join up", async () => {
  const { store, call } = setUp();
  for (let i = 0; i < 5; i++) await store.putPhoto(`k${i}`, Buffer.alloc(1), "image/png");
  const seen = [];
  let cursor;
  do {
    const { value } = await call("GET /photos", { queryStringParameters: { limit: "2", ...(cursor && { cursor }) } });
    seen.push(...value.photos.map((photo) => photo.key));
    cursor = value.cursor;
  } while (cursor);
  assert.deepEqual(seen, ["k0", "k1", "k2", "k3", "k4"]);
});

test("a bad limit or cursor is the caller's fault", async () => {
  const { store, call } = setUp();
  for (const limit of ["0", "101", "-1", "x", "1.5", ""]) {
    const answer = await call("GET /photos", { queryStringParameters: { limit } });
    assert.equal(answer.statusCode, 400, `limit "${limit}"`);
  }
  store.listPhotos = async () => {
    throw Object.assign(new Error("bad token"), { $metadata: { httpStatusCode: 400 } });
  };
  const answer = await call("GET /photos", { queryStringParameters: { cursor: "nonsense" } });
  assert.equal(answer.value.error, "bad_cursor");
});

test("a thumbnail is served with its type, and not again to who has it", async () => {
  const { store, call } = setUp();
  const body = Buffer.from([1, 2, 3, 250]);
  store.thumbnails.set("k", { body, contentType: "image/webp", etag: '"abc"' });
  const answer = await call("GET /photos/{key}/thumbnail", { pathParameters: { key: "k" } });
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers["content-type"], "image/webp");
  assert.match(answer.headers["cache-control"], /immutable/);
  assert.deepEqual(Buffer.from(answer.body, "base64"), body);
  const headers = { "if-none-match": '"abc"' };
  const again = await call("GET /photos/{key}/thumbnail", { pathParameters: { key: "k" }, headers });
  assert.equal(again.statusCode, 304);
  assert.equal(again.body, undefined);
});

test("a missing thumbnail says why", async () => {
  const { store, call } = setUp();
  await store.putPhoto("new", Buffer.alloc(1), "image/png");
  await store.putPhoto("bad", Buffer.alloc(1), "image/png");
  store.failures.set("bad", "damaged");
  const get = (key) => call("GET /photos/{key}/thumbnail", { pathParameters: { key } });
  assert.deepEqual([(await get("new")).statusCode, (await get("new")).value.error], [404, "pending"]);
  assert.deepEqual([(await get("bad")).statusCode, (await get("bad")).value.message], [422, "damaged"]);
  assert.deepEqual([(await get("none")).statusCode, (await get("none")).value.error], [404, "no_such_photo"]);
});

test("a storage failure is a 500 that tells nothing of the inside", async (context) => {
  context.mock.method(console, "error", () => {});
  const { store, call } = setUp();
  store.putPhoto = async () => {
    throw new Error("secret host name");
  };
  const answer = await call("POST /photos", picture());
  assert.equal(answer.statusCode, 500);
  assert.ok(!answer.body.includes("secret"));
});

test("newer keys sort first and equal moments stay apart", () => {
  const older = photoKey("a.jpg", "image/jpeg", 1_000);
  const newer = photoKey("a.jpg", "image/jpeg", 2_000);
  assert.ok(newer < older);
  assert.notEqual(photoKey("a.jpg", "image/jpeg", 5), photoKey("a.jpg", "image/jpeg", 5));
  assert.equal(nameOf(newer), "a.jpg");
  assert.equal(nameOf("put/by/hand.png"), "put/by/hand.png");
});

test("names become safe", () => {
  assert.equal(safeName("../../etc/passwd"), "passwd");
  assert.equal(safeName("C:\\photos\\cat.png"), "cat.png");
  assert.equal(safeName("a b&c?.jpg"), "a-b-c-.jpg");
  assert.equal(safeName("写真.webp"), "写真.webp");
  assert.equal(safeName("", "image/png"), "photo.png");
  assert.equal(safeName("...", "image/x-odd"), "photo.img");
  assert.equal(safeName(undefined, "image/jpeg"), "photo.jpg");
  const long = safeName("x".repeat(300) + ".jpeg");
  assert.equal(long.length, 80);
  assert.ok(long.endsWith(".jpeg"));
});
