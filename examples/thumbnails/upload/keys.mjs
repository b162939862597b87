// Keys of photos: safe, unique, and in key order the newest photo comes first.
import { randomBytes } from "node:crypto";

const LAST_MS = 9_999_999_999_999; // the year 2286; the time is counted down from here
const KEY = /^\d{13}-[0-9a-f]{8}-(.+)$/;

const EXTENSIONS = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif" };

export function photoKey(name, contentType, nowMs = Date.now(), random = randomBytes(4).toString("hex")) {
  return `${String(LAST_MS - nowMs).padStart(13, "0")}-${random}-${safeName(name, contentType)}`;
}

/** The name that the photo was uploaded under, as far as the key keeps it. */
export function nameOf(key) {
  return KEY.exec(key)?.[1] ?? key;
}

/** Letters and digits of any language, dot, dash and underscore; no folders; at most 80 characters. */
export function safeName(name, contentType) {
  const last = (name ?? "").normalize("NFC").split(/[/\\]/).at(-1);
  const clean = last.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[.-]+|[.-]+$/g, "");
  if (!clean) return `photo.${EXTENSIONS[contentType] ?? "img"}`;
  const letters = [...clean];
  if (letters.length <= 80) return clean;
  const dot = clean.lastIndexOf(".");
  const end = dot > 0 && clean.length - dot <= 6 ? clean.slice(dot) : "";
  return letters.slice(0, 80 - end.length).join("") + end;
}
