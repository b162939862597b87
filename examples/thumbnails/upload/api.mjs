// The HTTP API: POST /photos, GET /photos, GET /photos/{key}/thumbnail. Knows requests, not buckets.
import { nameOf, photoKey } from "./keys.mjs";

const IMAGE_TYPE = /^image\/[a-z0-9][a-z0-9.+-]*$/;

class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The function's handler, for HTTP API events of payload format 2.0. */
export function photoApi({ store, maxBytes }) {
  const routes = {
    "POST /photos": (event) => upload(event, store, maxBytes),
    "GET /photos": (event) => list(event, store),
    "GET /photos/{key}/thumbnail": (event) => thumbnail(event, store),
  };
  return async (event) => {
    try {
      const route = routes[event.routeKey];
      if (!route) throw new ApiError(404, "no_such_route", `There is nothing at ${event.routeKey}.`);
      return await route(event);
    } catch (error) {
      if (error instanceof ApiError) return json(error.status, { error: error.code, message: error.message });
      console.error(error);
      return json(500, { error: "internal", message: "The photo store did not answer. Please try again." });
    }
  };
}

async function upload(event, store, maxBytes) {
  const contentType = (header(event, "content-type") ?? "").split(";")[0].trim().toLowerCase();
  if (!IMAGE_TYPE.test(contentType)) {
    throw new ApiError(415, "not_an_image", `The content type is "${contentType}"; send a picture as image/....`);
  }
  const body = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8");
  if (body.length === 0) throw new ApiError(400, "empty", "The request has no body; send the picture's bytes.");
  if (body.length > maxBytes) {
    throw new ApiError(413, "too_large", `The picture has ${body.length} bytes; at most ${maxBytes} are accepted.`);
  }
  const key = photoKey(fileName(event), contentType);
  await store.putPhoto(key, body, contentType);
  const answer = { key, name: nameOf(key), size: body.length, contentType, status: "pending" };
  return json(201, answer, { location: `/photos/${encodeURIComponent(key)}/thumbnail` });
}

/** From ?name=, or from the header X-File-Name, which is percent-encoded as headers are ASCII. */
function fileName(event) {
  const query = event.queryStringParameters?.name;
  if (query) return query;
  try {
    return decodeURIComponent(header(event, "x-file-name") ?? "");
  } catch {
    throw new ApiError(400, "bad_name", "The header X-File-Name is not percent-encoded UTF-8.");
  }
}

async function list(event, store) {
  const { limit = "50", cursor } = event.queryStringParameters ?? {};
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > 100) {
    throw new ApiError(400, "bad_limit", `The limit is "${limit}"; give a number from 1 to 100.`);
  }
  const page = await readPage(store, Number(limit), cursor);
  const keys = page.photos.map((photo) => photo.key);
  const [ready, failed] = keys.length
    ? await Promise.all([
        store.finished("", "", keys[0], keys.at(-1)),
        store.finished("failed/", ".json", keys[0], keys.at(-1)),
      ])
    : [new Set(), new Set()];
  const photos = await Promise.all(
    page.photos.map(async (photo) => {
      const shown = { ...photo, name: nameOf(photo.key) };
      if (ready.has(photo.key)) return { ...shown, status: "ready" };
      if (!failed.has(photo.key)) return { ...shown, status: "pending" };
      return { ...shown, status: "failed", reason: await store.failureReason(photo.key) };
    }),
  );
  return json(200, { photos, cursor: page.cursor ?? null });
}

async function readPage(store, limit, cursor) {
  try {
    return await store.listPhotos(limit, cursor || undefined);
  } catch (error) {
    if (cursor && error.$metadata?.httpStatusCode === 400) {
      throw new ApiError(400, "bad_cursor", "The cursor is not one that a list of photos returned.");
    }
    throw error;
  }
}

async function thumbnail(event, store) {
  const key = event.pathParameters.key;
  const found = await store.getThumbnail(key);
  if (found) {
    const headers = { etag: found.etag, "cache-control": "public, max-age=31536000, immutable" };
    if (header(event, "if-none-match") === found.etag) return { statusCode: 304, headers };
    headers["content-type"] = found.contentType;
    return { statusCode: 200, headers, body: found.body.toString("base64"), isBase64Encoded: true };
  }
  const reason = await store.failureReason(key);
  if (reason) throw new ApiError(422, "failed", reason);
  if (!(await store.hasPhoto(key))) throw new ApiError(404, "no_such_photo", `There is no photo "${key}".`);
  throw new ApiError(404, "pending", "The thumbnail is not there yet; ask again.");
}

function header(event, name) {
  return event.headers?.[name]; // header names are lower case in this payload format
}

function json(statusCode, value, headers = {}) {
  return {
    statusCode,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
    body: JSON.stringify(value),
  };
}
