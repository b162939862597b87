import { expect, test, vi } from "vitest";
import { ApiError, httpApi, loadConfig, refusal } from "./api";

/** As much of XMLHttpRequest as the upload uses; the test plays the server. */
class FakeRequest {
  upload: { onprogress?: (event: object) => void } = {};
  headers: Record<string, string> = {};
  status = 0;
  responseText = "";
  timeout = 0;
  opened: string[] = [];
  sent: unknown;
  onload = () => {};
  onerror = () => {};
  ontimeout = () => {};
  open(...parts: string[]) {
    this.opened = parts;
  }
  setRequestHeader(name: string, value: string) {
    this.headers[name] = value;
  }
  send(body: unknown) {
    this.sent = body;
  }
  answer(status: number, text: string) {
    this.status = status;
    this.responseText = text;
    this.onload();
  }
}

function startUpload() {
  const request = new FakeRequest();
  const api = httpApi("http://api", () => request as unknown as XMLHttpRequest);
  const file = { name: "hütte am see.png", size: 1, type: "image/png" } as File;
  const progress = vi.fn();
  return { request, file, progress, upload: api.upload(file, progress) };
}

test("an upload sends type and name, tells progress and returns the photo", async () => {
  const { request, file, progress, upload } = startUpload();
  expect(request.opened).toEqual(["POST", "http://api/photos"]);
  expect(request.headers).toEqual({ "content-type": "image/png", "x-file-name": "h%C3%BCtte%20am%20see.png" });
  expect(request.sent).toBe(file);
  request.upload.onprogress!({ lengthComputable: true, loaded: 1, total: 4 });
  request.upload.onprogress!({ lengthComputable: false, loaded: 2, total: 0 });
  expect(progress.mock.calls).toEqual([[0.25]]);
  request.answer(201, '{"key":"k"}');
  expect(await upload).toEqual({ key: "k" });
});

test("each way to fail has its words", async () => {
  const failing = async (act: (request: FakeRequest) => void) => {
    const { request, upload } = startUpload();
    act(request);
    return upload.then(
      () => expect.unreachable(),
      (error: ApiError) => [error.message, error.retryable],
    );
  };
  expect(await failing((r) => r.onerror())).toEqual(["The photo service cannot be reached.", true]);
  expect(await failing((r) => r.ontimeout())).toEqual(["The upload took too long.", true]);
  expect(await failing((r) => r.answer(415, '{"message":"no"}'))).toEqual(["no", false]);
  expect(await failing((r) => r.answer(503, "<html>"))).toEqual(["The photo service answered 503.", true]);
  expect(await failing((r) => r.answer(201, "<html>"))).toEqual([
    "The photo service gave an answer that cannot be read.",
    true,
  ]);
});

test("a too large picture has words even without the service's", () => {
  expect(refusal(413, "")).toMatchObject({ message: "The picture is too large.", retryable: false });
});

test("the key is encoded in the thumbnail's address", () => {
  expect(httpApi("http://api").thumbnailUrl("a/b c")).toBe("http://api/photos/a%2Fb%20c/thumbnail");
});

test("the configuration is read and its absence explained", async () => {
  const answer = (body: string, status = 200) => vi.fn(async () => new Response(body, { status })) as typeof fetch;
  expect(await loadConfig(answer('{"apiUrl":"http://api/","maxUploadBytes":5}'))).toEqual({
    apiUrl: "http://api",
    maxUploadBytes: 5,
  });
  for (const bad of [answer("", 404), answer("<!doctype html>"), answer("{}")]) {
    await expect(loadConfig(bad)).rejects.toThrow(/config.json/);
  }
});
