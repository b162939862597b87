// The state behind the page: which pictures there are, how far each has come, and when to ask the API again.

import { ApiError, type Api, type Photo } from "./api";

export type TileState = "waiting" | "uploading" | "processing" | "ready" | "failed";

export type Tile = {
  id: number;
  name: string;
  size: number;
  state: TileState;
  progress: number; // of the upload, 0 to 1
  key?: string; // known once the upload is done
  file?: File; // only for files chosen on this page
  message?: string;
  retryable?: boolean;
  since?: number; // when the page began to wait for the thumbnail, in ms
  slow?: boolean; // it has taken longer than it should
};

export type Snapshot = {
  tiles: Tile[];
  loaded: boolean; // the first list has come
  hasMore: boolean;
  connectionLost: boolean;
};

const PARALLEL_UPLOADS = 3;
const FIRST_DELAY_MS = 300;
const MAX_DELAY_MS = 5000;
const BACK_OFF = 1.5;
const SLOW_AFTER_MS = 30_000;
const MAX_PAGES_A_POLL = 10;

export class Gallery {
  private tiles: Tile[] = [];
  private hidden = new Set<string>(); // keys of failed photos that were dismissed or are being sent again
  private snapshot: Snapshot = { tiles: [], loaded: false, hasMore: false, connectionLost: false };
  private listeners = new Set<() => void>();
  private nextId = 1;
  private cursor: string | null = null;
  private loaded = false;
  private connectionLost = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private delay = FIRST_DELAY_MS;
  private polling = false;

  constructor(
    private readonly api: Api,
    private readonly maxBytes: number,
  ) {}

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  getSnapshot = () => this.snapshot;

  /** Takes files from the picker or a drop. Each becomes a tile, also those that cannot be sent. */
  add(files: Iterable<File>) {
    const added = [...files].map((file): Tile => {
      const problem = this.problemWith(file);
      const state = problem ? "failed" : "waiting";
      return { id: this.nextId++, name: file.name, size: file.size, state, progress: 0, file, message: problem };
    });
    this.tiles.unshift(...added.reverse());
    this.changed();
    this.startUploads();
  }

  retry(id: number) {
    const tile = this.tiles.find((candidate) => candidate.id === id);
    if (!tile?.file || tile.state !== "failed") return;
    if (tile.key) this.hidden.add(tile.key);
    this.update(id, { state: "waiting", progress: 0, key: undefined, message: undefined, slow: false });
    this.startUploads();
  }

  /** Takes a failed upload off the page. */
  dismiss(id: number) {
    const tile = this.tiles.find((candidate) => candidate.id === id);
    if (tile?.state !== "failed") return;
    if (tile.key) this.hidden.add(tile.key);
    this.tiles = this.tiles.filter((candidate) => candidate !== tile);
    this.changed();
  }

  /** Asks now instead of later: at the start, and when the person asks for it. */
  async refresh() {
    this.delay = FIRST_DELAY_MS;
    await this.poll();
  }

  async loadMore() {
    if (!this.cursor) return;
    try {
      const page = await this.api.list(this.cursor);
      this.cursor = page.cursor;
      this.merge(page.photos);
      this.connectionLost = false;
    } catch {
      this.connectionLost = true;
    }
    this.changed();
  }

  stop() {
    clearTimeout(this.timer);
  }

  private problemWith(file: File): string | undefined {
    if (!file.type.startsWith("image/")) return "This is not a picture.";
    if (file.size === 0) return "The file is empty.";
    if (file.size <= this.maxBytes) return undefined;
    return `Too large: ${formatBytes(file.size)}, at most ${formatBytes(this.maxBytes)} are accepted.`;
  }

  private startUploads() {
    let free = PARALLEL_UPLOADS - this.tiles.filter((tile) => tile.state === "uploading").length;
    const waiting = this.tiles.filter((tile) => tile.state === "waiting").reverse();
    for (const tile of waiting) {
      if (free-- <= 0) break;
      void this.upload(tile.id, tile.file!);
    }
  }

  private async upload(id: number, file: File) {
    this.update(id, { state: "uploading" });
    try {
      const photo = await this.api.upload(file, (progress) => this.update(id, { progress }));
      // A poll may have listed the photo before its upload's answer came: one of the two tiles goes.
      this.tiles = this.tiles.filter((tile) => tile.key !== photo.key);
      this.update(id, { state: "processing", progress: 1, key: photo.key, name: photo.name, since: Date.now() });
      this.pollSoon();
    } catch (error) {
      const retryable = error instanceof ApiError ? error.retryable : true;
      this.update(id, { state: "failed", message: messageOf(error), retryable });
    }
    this.startUploads();
  }

  private pollSoon() {
    this.delay = FIRST_DELAY_MS;
    if (!this.polling) this.schedule();
  }

  private schedule() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.poll(), this.delay);
    this.delay = Math.min(this.delay * BACK_OFF, MAX_DELAY_MS);
  }

  private async poll() {
    if (this.polling) return;
    this.polling = true;
    clearTimeout(this.timer);
    try {
      await this.readPages();
      this.connectionLost = false;
    } catch {
      this.connectionLost = true;
    }
    this.polling = false;
    this.markSlow();
    this.changed();
    if (this.connectionLost || this.tiles.some((tile) => tile.state === "processing")) this.schedule();
  }

  private markSlow() {
    const before = Date.now() - SLOW_AFTER_MS;
    this.tiles = this.tiles.map((tile) =>
      tile.state === "processing" && !tile.slow && (tile.since ?? 0) < before ? { ...tile, slow: true } : tile,
    );
  }

  /** Reads as many pages as it takes to see every photo that is still being worked on. */
  private async readPages() {
    let cursor: string | null = null;
    for (let page = 0; page < MAX_PAGES_A_POLL; page++) {
      const { photos, cursor: next } = await this.api.list(cursor);
      this.merge(photos);
      if (!this.loaded) {
        this.cursor = next;
        this.loaded = true;
      }
      const last = photos.at(-1)?.key ?? "";
      const older = this.tiles.some((tile) => tile.state === "processing" && tile.key! > last);
      if (!next || !older) return;
      cursor = next;
    }
  }

  private merge(photos: Photo[]) {
    for (const photo of photos) {
      if (this.hidden.has(photo.key)) continue;
      const state = photo.status === "pending" ? "processing" : photo.status;
      const message = photo.status === "failed" ? (photo.reason ?? "No thumbnail could be made.") : undefined;
      const index = this.tiles.findIndex((tile) => tile.key === photo.key);
      const known = this.tiles[index];
      if (!known) {
        const { key, name, size } = photo;
        const since = Date.parse(photo.uploaded ?? "") || Date.now();
        this.tiles.push({ id: this.nextId++, key, name, size, state, progress: 1, message, since });
      } else if (known.state !== state || known.message !== message) {
        this.tiles[index] = { ...known, state, message, retryable: true };
      }
    }
    this.tiles.sort(newestFirst);
  }

  private update(id: number, change: Partial<Tile>) {
    this.tiles = this.tiles.map((tile) => (tile.id === id ? { ...tile, ...change } : tile));
    this.changed();
  }

  private changed() {
    const { loaded, connectionLost } = this;
    this.snapshot = { tiles: [...this.tiles], loaded, hasMore: this.cursor !== null, connectionLost };
    for (const listener of this.listeners) listener();
  }
}

/** Uploads under way come first, then photos by key: keys count down with time. */
function newestFirst(a: Tile, b: Tile): number {
  if (a.key && b.key) return a.key < b.key ? -1 : 1;
  if (a.key || b.key) return a.key ? 1 : -1;
  return b.id - a.id;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
