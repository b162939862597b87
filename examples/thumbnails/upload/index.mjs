// The upload function: the HTTP API of the example, on the buckets of the stack.
import { S3Client } from "@aws-sdk/client-s3";
import { photoApi } from "./api.mjs";
import { PhotoStore } from "./store.mjs";

const store = new PhotoStore(new S3Client({}), process.env.UPLOAD_BUCKET, process.env.THUMBNAIL_BUCKET);
const maxBytes = Number(process.env.MAX_UPLOAD_BYTES ?? 10 * 1024 * 1024);

export const handler = photoApi({ store, maxBytes });
