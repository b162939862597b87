// The two buckets: pictures in one, thumbnails under the same keys (and failed/<key>.json) in the other.
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";

const absent = (error) => error.name === "NoSuchKey" || error.name === "NotFound" || error.$metadata?.httpStatusCode === 404;

export class PhotoStore {
  constructor(client, uploadBucket, thumbnailBucket) {
    this.client = client;
    this.uploads = uploadBucket;
    this.thumbnails = thumbnailBucket;
  }

  async putPhoto(key, body, contentType) {
    await this.client.send(
      new PutObjectCommand({ Bucket: this.uploads, Key: key, Body: body, ContentType: contentType }),
    );
  }

  async hasPhoto(key) {
    try {
      await this.client.send(new HeadObjectCommand({ Bucket: this.uploads, Key: key }));
      return true;
    } catch (error) {
      if (absent(error)) return false;
      throw error;
    }
  }

  /** A page of photos in key order: {photos: [{key, size, uploaded}], cursor}. */
  async listPhotos(limit, cursor) {
    const page = await this.client.send(
      new ListObjectsV2Command({ Bucket: this.uploads, MaxKeys: limit, ContinuationToken: cursor }),
    );
    const photos = (page.Contents ?? []).map((o) => ({ key: o.Key, size: o.Size, uploaded: o.LastModified }));
    return { photos, cursor: page.NextContinuationToken };
  }

  /** Which keys from first to last (in key order) have an object under the prefix: a Set of keys. */
  async finished(prefix, suffix, first, last) {
    const found = new Set();
    // StartAfter excludes the key itself, so begin just before it.
    let startAfter = prefix + [...first].slice(0, -1).join("");
    for (;;) {
      const page = await this.client.send(
        new ListObjectsV2Command({ Bucket: this.thumbnails, Prefix: prefix, StartAfter: startAfter || undefined }),
      );
      const keys = (page.Contents ?? []).map((o) => o.Key);
      for (const key of keys) found.add(key.slice(prefix.length, key.length - suffix.length));
      startAfter = keys.at(-1);
      if (!page.IsTruncated || startAfter > prefix + last + suffix) return found;
    }
  }

  /** The thumbnail {body, contentType, etag}, or null while there is none. */
  async getThumbnail(key) {
    const object = await this.#get(key);
    if (!object) return null;
    const body = Buffer.from(await object.Body.transformToByteArray());
    return { body, contentType: object.ContentType, etag: object.ETag };
  }

  /** Why the resize function refused the photo, or null. */
  async failureReason(key) {
    const object = await this.#get(`failed/${key}.json`);
    return object ? JSON.parse(await object.Body.transformToString()).reason : null;
  }

  async #get(key) {
    try {
      return await this.client.send(new GetObjectCommand({ Bucket: this.thumbnails, Key: key }));
    } catch (error) {
      if (absent(error)) return null;
      throw error;
    }
  }
}
