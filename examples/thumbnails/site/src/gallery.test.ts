import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError, type Api, type Photo, type PhotoPage } from "./api";
import { formatBytes, Gallery } from "./gallery";

/** An API in memory: uploads finish when the test says so. */
class FakeApi implements Api {
  photos: Photo[] = [];
  uploads: { file: File; progress: (share: number) => void; finish: (key: string) => void; fail: (e: Error) => void }[] =
    [];
  lists = 0;
  offline = false;
  pageSize = 100;

  async list(cursor?: string | null): Promise<PhotoPage> {
    this.lists++;
    if (this.offline) throw new ApiError("offline", true);
    const from = cursor ? this.photos.findIndex((photo) => photo.key === cursor) : 0;
    const photos = this.photos.slice(from, from + this.pageSize);
    return { photos, cursor: this.photos[from + this.pageSize]?.key ?? null };
  }

  upload(file: File, progress: (share: number) => void) {
    return new Promise<Photo>((resolve, fail) => {
      const finish = (key: string) => {
        const photo: Photo = { key, name: file.name, size: file.size, status: "pending" };
        this.photos = [photo, ...this.photos].sort((a, b) => (a.key < b.key ? -1 : 1));
        resolve(photo);
      };
      this.uploads.push({ file, progress, finish, fail });
    });
  }

  thumbnailUrl = (key: string) => `/${key}`;

  resized(key: string, status: Photo["status"] = "ready", reason?: string) {
    this.photos = this.photos.map((photo) => (photo.key === key ? { ...photo, status, reason } : photo));
  }
}

/** As much of a File as the gallery looks at; Node 18 has no File of its own. */
const picture = (name: string, size = 100, type = "image/jpeg") => ({ name, size, type }) as File;

let api: FakeApi;
let gallery: Gallery;
const tiles = () => gallery.getSnapshot().tiles;
const states = () => tiles().map((tile) => `${tile.name} ${tile.state}`);

/** Lets time pass and everything that is ready run. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  api = new FakeApi();
  gallery = new Gallery(api, 1000);
});

afterEach(() => {
  gallery.stop();
  vi.useRealTimers();
});

test("an upload goes from waiting to its thumbnail", async () => {
  gallery.add([picture("cat.jpg")]);
  expect(states()).toEqual(["cat.jpg uploading"]);
  api.uploads[0]!.progress(0.5);
  expect(tiles()[0]!.progress).toBe(0.5);
  api.uploads[0]!.finish("1-cat");
  await pass(0);
  expect(states()).toEqual(["cat.jpg processing"]);
  api.resized("1-cat");
  await pass(1000);
  expect(states()).toEqual(["cat.jpg ready"]);
});

test("three uploads run at once, in the order in which they were chosen", async () => {
  gallery.add(["a", "b", "c", "d", "e"].map((name) => picture(name)));
  expect(api.uploads.map((upload) => upload.file.name)).toEqual(["a", "b", "c"]);
  api.uploads[1]!.finish("2-b");
  await pass(0);
  expect(api.uploads.map((upload) => upload.file.name)).toEqual(["a", "b", "c", "d"]);
});

test("files that cannot be right are not sent", () => {
  gallery.add([picture("note.txt", 10, "text/plain"), picture("empty.jpg", 0), picture("huge.jpg", 1001)]);
  expect(api.uploads).toHaveLength(0);
  expect(tiles().map((tile) => tile.state)).toEqual(["failed", "failed", "failed"]);
  expect(tiles().map((tile) => tile.retryable ?? false)).toEqual([false, false, false]);
  expect(tiles().map((tile) => tile.message)).toEqual([
    "Too large: 1 kB, at most 1 kB are accepted.",
    "The file is empty.",
    "This is not a picture.",
  ]);
});

test("a network failure can be tried again, and does not hold up the others", async () => {
  gallery.add([picture("a"), picture("b"), picture("c"), picture("d")]);
  api.uploads[0]!.fail(new ApiError("The photo service cannot be reached.", true));
  await pass(0);
  expect(api.uploads.map((upload) => upload.file.name)).toContain("d");
  const failed = tiles().find((tile) => tile.name === "a")!;
  expect([failed.state, failed.message, failed.retryable]).toEqual([
    "failed",
    "The photo service cannot be reached.",
    true,
  ]);
  api.uploads[1]!.finish("2-b");
  await pass(0);
  gallery.retry(failed.id);
  expect(api.uploads.at(-1)!.file.name).toBe("a");
  api.uploads.at(-1)!.finish("1-a");
  await pass(0);
  expect(tiles().find((tile) => tile.id === failed.id)!.state).toBe("processing");
});

test("a refusal by the service is shown and cannot be tried again", async () => {
  gallery.add([picture("a")]);
  api.uploads[0]!.fail(new ApiError("at most 1000 bytes", false));
  await pass(0);
  expect(tiles()[0]).toMatchObject({ state: "failed", message: "at most 1000 bytes", retryable: false });
});

test("a picture that could not be resized says why; tried again, the old failure stays away", async () => {
  gallery.add([picture("bad.jpg")]);
  api.uploads[0]!.finish("5-bad");
  await pass(0);
  api.resized("5-bad", "failed", "The picture is damaged.");
  await pass(1000);
  expect(tiles()[0]).toMatchObject({ state: "failed", message: "The picture is damaged.", retryable: true });
  gallery.retry(tiles()[0]!.id);
  api.uploads[1]!.finish("4-bad");
  await pass(1000);
  expect(states()).toEqual(["bad.jpg processing"]);
  api.resized("4-bad", "failed", "The picture is damaged.");
  await pass(5000);
  gallery.dismiss(tiles()[0]!.id);
  await gallery.refresh();
  expect(tiles()).toEqual([]);
});

test("polling slows down while nothing changes and ends when all is done", async () => {
  gallery.add([picture("a")]);
  api.uploads[0]!.finish("1-a");
  await pass(3000);
  const first = api.lists;
  expect(first).toBeGreaterThan(2);
  await pass(60_000);
  const perMinute = api.lists - first;
  expect(perMinute).toBeLessThanOrEqual(14);
  expect(perMinute).toBeGreaterThan(5);
  api.resized("1-a");
  await pass(6000);
  const done = api.lists;
  await pass(600_000);
  expect(api.lists).toBe(done);
});

test("a thumbnail that does not come is told to be late", async () => {
  gallery.add([picture("a")]);
  api.uploads[0]!.finish("1-a");
  await pass(20_000);
  expect(tiles()[0]!.slow ?? false).toBe(false);
  await pass(20_000);
  expect(tiles()[0]).toMatchObject({ state: "processing", slow: true });
});

test("a lost connection is told, and told to be over", async () => {
  api.offline = true;
  await gallery.refresh();
  expect(gallery.getSnapshot()).toMatchObject({ connectionLost: true, loaded: false });
  api.offline = false;
  await pass(10_000);
  expect(gallery.getSnapshot()).toMatchObject({ connectionLost: false, loaded: true });
});

test("photos from earlier come newest first, older ones on demand", async () => {
  api.pageSize = 2;
  api.photos = ["1", "2", "3"].map((key) => ({ key, name: key, size: 1, status: "ready" }));
  await gallery.refresh();
  expect(states()).toEqual(["1 ready", "2 ready"]);
  expect(gallery.getSnapshot().hasMore).toBe(true);
  await gallery.loadMore();
  expect(states()).toEqual(["1 ready", "2 ready", "3 ready"]);
  expect(gallery.getSnapshot().hasMore).toBe(false);
});

test("a photo that is still being worked on is found on a later page too", async () => {
  api.pageSize = 2;
  gallery.add([picture("old")]);
  api.uploads[0]!.finish("9-old");
  await pass(0);
  for (const key of ["1", "2", "3", "4"]) api.photos.unshift({ key, name: key, size: 1, status: "ready" });
  api.photos.sort((a, b) => (a.key < b.key ? -1 : 1));
  api.resized("9-old");
  await pass(1000);
  expect(states()).toContain("old ready");
});

test("a photo listed before its upload was answered is shown once", async () => {
  gallery.add([picture("a")]);
  api.photos = [{ key: "1-a", name: "a", size: 100, status: "ready" }];
  await gallery.refresh();
  expect(tiles()).toHaveLength(2);
  api.uploads[0]!.finish("1-a");
  await pass(0);
  expect(tiles()).toHaveLength(1);
});

test("sizes are told in decimal units", () => {
  expect([999, 1500, 2_500_000].map(formatBytes)).toEqual(["999 B", "2 kB", "2.5 MB"]);
});
