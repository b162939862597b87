// The AWS SDK for JavaScript v3 in a page: one object of functions that the test calls.
import * as sdk from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const hex = (bytes) => [...new Uint8Array(bytes)].map((b) => b.toString(16).padStart(2, "0")).join("");
const sha256 = async (bytes) => hex(await crypto.subtle.digest("SHA-256", bytes));

window.storage = async ({ Bucket, endpoint, accessKeyId, secretAccessKey, keys }) => {
  // A page's own cache would answer a range with the header of the whole, checksum and all.
  const common = { region: "us-east-1", endpoint, forcePathStyle: true, maxAttempts: 1, requestHandler: { cache: "no-store" } };
  const s3 = new sdk.S3Client({ ...common, credentials: { accessKeyId, secretAccessKey } });
  const send = (name, input) => s3.send(new sdk[`${name}Command`]({ Bucket, ...input }));
  const out = {};
  for (const Key of keys) await send("PutObject", { Key, Body: Key, ContentType: "text/plain", Metadata: { mood: "good" } });
  out.read = [];
  for (const Key of keys) out.read.push(await (await send("GetObject", { Key })).Body.transformToString());
  out.metadata = (await send("HeadObject", { Key: keys[0] })).Metadata;
  out.range = await (await send("GetObject", { Key: keys[0], Range: "bytes=1-3" })).Body.transformToString();
  out.listed = [];
  for await (const page of sdk.paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket })) out.listed.push(...page.Contents.map((o) => o.Key));

  const large = new Uint8Array((20 << 20) + 7);
  for (let at = 0; at < large.length; at += 65536) crypto.getRandomValues(large.subarray(at, Math.min(at + 65536, large.length)));
  const upload = new Upload({ client: s3, params: { Bucket, Key: "large", Body: new File([large], "large") }, partSize: 5 << 20, queueSize: 3 });
  let told = 0;
  upload.on("httpUploadProgress", ({ loaded }) => { told = Math.max(told, loaded); });
  out.etag = (await upload.done()).ETag;
  out.told = told === large.length;
  out.same = await sha256(large) === await sha256(await (await send("GetObject", { Key: "large" })).Body.transformToByteArray());
  out.sha256 = await sha256(large);

  await send("CopyObject", { Key: "copy", CopySource: encodeURIComponent(`${Bucket}/${keys[0]}`) });
  const there = await getSignedUrl(s3, new sdk.PutObjectCommand({ Bucket, Key: "by address" }), { expiresIn: 60 });
  out.put = (await fetch(there, { method: "PUT", body: "there" })).status;
  const back = await fetch(await getSignedUrl(s3, new sdk.GetObjectCommand({ Bucket, Key: "by address" }), { expiresIn: 60 }));
  out.back = [await back.text(), back.headers.get("etag")?.length, back.headers.get("x-amz-version-id")];
  const { url, fields } = await createPresignedPost(s3, { Bucket, Key: "by form", Expires: 60 });
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  data.append("file", new Blob(["form"]));
  out.form = (await fetch(url, { method: "POST", body: data })).status;

  out.missing = await send("GetObject", { Key: "none" }).catch((e) => [e.name, e.$metadata.httpStatusCode]);
  const wrong = new sdk.S3Client({ ...common, credentials: { accessKeyId, secretAccessKey: "wrong" } });
  out.wrong = await wrong.send(new sdk.ListObjectsV2Command({ Bucket })).catch((e) => [e.name, e.$metadata.httpStatusCode]);
  const gone = await send("DeleteObjects", { Delete: { Objects: [...keys, "copy"].map((Key) => ({ Key })) } });
  out.gone = gone.Deleted.length;
  return out;
};
// What a bucket without rules for this page lets a script see.
window.refused = ({ Bucket, endpoint }) => fetch(`${endpoint}/${Bucket}/large`).then((r) => r.status, (e) => e.name);
