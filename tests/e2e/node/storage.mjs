// The AWS SDK for JavaScript v3 beyond single operations: lib-storage, streams, addresses, forms, versions, paginators.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as sdk from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const [Bucket] = process.argv.slice(2);
const s3 = new sdk.S3Client({ forcePathStyle: true, maxAttempts: 1 });
const send = (name, input, client = s3) => client.send(new sdk[`${name}Command`]({ Bucket, ...input }));
const refused = (promise, code) => assert.rejects(promise, (e) => (assert.equal(e.name, code, e.message), true));
const MIB = 1 << 20;
const md5 = (bytes) => createHash("md5").update(bytes).digest("hex");
await send("CreateBucket", {});

// 40 MiB in parts, several at once, from a buffer and from a stream of unknown length, with each checksum.
const large = randomBytes(40 * MIB + 7);
const pieces = function* () { for (let at = 0; at < large.length; at += 999_999) yield large.subarray(at, at + 999_999); };
const upload = (Key, Body, more = {}, options = {}) => new Upload({
  client: s3, params: { Bucket, Key, Body, ...more }, partSize: 5 * MIB, queueSize: 4, ...options });
const shapes = [
  ["CRC64NVME", "FULL_OBJECT", {}], ["CRC32", "COMPOSITE", {}], ["CRC32C", "FULL_OBJECT", { ChecksumType: "FULL_OBJECT" }],
  ["SHA256", "COMPOSITE", {}]];
for (const [ChecksumAlgorithm, type, more] of shapes) {
  const Key = `parts/${ChecksumAlgorithm} ü+%`;
  const body = ChecksumAlgorithm === "CRC32" ? Readable.from(pieces()) : large;
  let told = 0;
  const one = upload(Key, body, { ChecksumAlgorithm, Metadata: { mood: "good" }, Tagging: "a=b", ...more });
  one.on("httpUploadProgress", ({ loaded }) => { told = Math.max(told, loaded); });
  const done = await one.done();
  assert.equal(told, large.length);
  assert.match(done.ETag, /-9"$/);
  const got = await send("GetObject", { Key, ChecksumMode: "ENABLED" });
  assert.deepEqual([got.ChecksumType, got.Metadata, got.TagCount], [type, { mood: "good" }, 1]);
  assert.ok(got[`Checksum${ChecksumAlgorithm}`], ChecksumAlgorithm);
  const hash = createHash("md5");
  await pipeline(got.Body, hash);
  assert.equal(hash.digest("hex"), md5(large));
  const second = await send("GetObject", { Key, PartNumber: 2 });
  assert.equal(second.PartsCount, 9);
  assert.ok(Buffer.from(await second.Body.transformToByteArray()).equals(large.subarray(5 * MIB, 10 * MIB)));
}
const small = await upload("small", "one part only").done();
assert.equal(small.ETag, `"${md5("one part only")}"`);

// One that is aborted; parts of one that goes on are found.
const broken = upload("broken", Readable.from(pieces()));
broken.on("httpUploadProgress", () => broken.abort());
await assert.rejects(broken.done(), { name: "AbortError" });
// The SDK may or may not have ended it by itself.
await send("AbortMultipartUpload", { Key: "broken", UploadId: broken.uploadId }).catch((e) => assert.equal(e.name, "NoSuchUpload"));
assert.equal((await send("ListMultipartUploads", {})).Uploads, undefined);
const { UploadId } = await send("CreateMultipartUpload", { Key: "resumed" });
const part = (PartNumber) => send("UploadPart", { Key: "resumed", UploadId, PartNumber, Body: large.subarray((PartNumber - 1) * 5 * MIB, PartNumber * 5 * MIB) });
await Promise.all([part(3), part(1)]);
const there = await send("ListParts", { Key: "resumed", UploadId });
assert.deepEqual(there.Parts.map((p) => p.PartNumber), [1, 3]);
await part(2);
const Parts = [];
for await (const page of sdk.paginateListParts({ client: s3, pageSize: 2 }, { Bucket, Key: "resumed", UploadId }))
  Parts.push(...(page.Parts ?? []).map(({ PartNumber, ETag }) => ({ PartNumber, ETag })));
await send("CompleteMultipartUpload", { Key: "resumed", UploadId, MultipartUpload: { Parts } });
assert.equal((await send("HeadObject", { Key: "resumed" })).ContentLength, 15 * MIB);

// A stream with a known length, and one that the SDK frames with a trailer.
await send("PutObject", { Key: "stream", Body: Readable.from(pieces()), ContentLength: large.length });
assert.equal((await send("HeadObject", { Key: "stream" })).ETag, `"${md5(large)}"`);
const web = (await send("GetObject", { Key: "stream", Range: "bytes=10-19" })).Body.transformToWebStream();
let first = Buffer.alloc(0);
for await (const chunk of web) first = Buffer.concat([first, chunk]);
assert.ok(first.equals(large.subarray(10, 20)));

// More than a page of keys, in pages of objects, of versions and of uploads; deleted a thousand at once.
const keys = Array.from({ length: 1005 }, (_, i) => `many/${i % 3} ü/${String(i).padStart(4, "0")}`);
for (let i = 0; i < keys.length; i += 50) await Promise.all(keys.slice(i, i + 50).map((Key) => send("PutObject", { Key, Body: "" })));
const walk = async (paginate, member, input, pageSize) => {
  const out = [];
  for await (const page of paginate({ client: s3, pageSize }, { Bucket, ...input })) out.push(...(page[member] ?? []));
  return out;
};
for (const pageSize of [undefined, 100])
  assert.deepEqual((await walk(sdk.paginateListObjectsV2, "Contents", { Prefix: "many/" }, pageSize)).map((o) => o.Key), [...keys].sort());
const folders = await walk(sdk.paginateListObjectsV2, "CommonPrefixes", { Prefix: "many/", Delimiter: "/" }, 1);
assert.deepEqual(folders.map((p) => p.Prefix), ["many/0 ü/", "many/1 ü/", "many/2 ü/"]);
for (let i = 0; i < keys.length; i += 1000)
  assert.equal((await send("DeleteObjects", { Delete: { Objects: keys.slice(i, i + 1000).map((Key) => ({ Key })) } })).Deleted.length, Math.min(1000, keys.length - i));
for (const Key of ["u/1", "u/1", "u/2", "v"]) await send("CreateMultipartUpload", { Key });
const uploads = [];
for (let page = {}; ;) {
  page = await send("ListMultipartUploads", { MaxUploads: 1, KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker });
  uploads.push(...page.Uploads);
  if (!page.IsTruncated) break;
}
assert.deepEqual(uploads.map((u) => u.Key), ["u/1", "u/1", "u/2", "v"]);
for (const { Key, UploadId } of uploads) await send("AbortMultipartUpload", { Key, UploadId });

// Versions and tags.
await send("PutBucketVersioning", { VersioningConfiguration: { Status: "Enabled" } });
const one = await send("PutObject", { Key: "note", Body: "one", Tagging: "kind=draft" });
const two = await send("PutObject", { Key: "note", Body: "two" });
const marker = await send("DeleteObject", { Key: "note" });
assert.ok(marker.DeleteMarker);
await refused(send("GetObject", { Key: "note" }), "NoSuchKey");
assert.equal(await (await send("GetObject", { Key: "note", VersionId: one.VersionId })).Body.transformToString(), "one");
const versions = await send("ListObjectVersions", { Prefix: "note" });
assert.deepEqual(versions.Versions.map((v) => v.VersionId), [two.VersionId, one.VersionId]);
assert.deepEqual(versions.DeleteMarkers.map((v) => v.IsLatest), [true]);
await send("PutObjectTagging", { Key: "note", VersionId: two.VersionId, Tagging: { TagSet: [{ Key: "größe", Value: "+ =@" }] } });
assert.deepEqual((await send("GetObjectTagging", { Key: "note", VersionId: two.VersionId })).TagSet, [{ Key: "größe", Value: "+ =@" }]);
assert.deepEqual((await send("GetObjectTagging", { Key: "note", VersionId: one.VersionId })).TagSet, [{ Key: "kind", Value: "draft" }]);
await send("CopyObject", { Key: "note", CopySource: `${Bucket}/note?versionId=${one.VersionId}`, TaggingDirective: "REPLACE", Tagging: "n=1" });
assert.equal(await (await send("GetObject", { Key: "note" })).Body.transformToString(), "one");

// Addresses: put with a checksum, headers that were signed, a version; then a form.
const sign = (name, input, options) => getSignedUrl(s3, new sdk[`${name}Command`]({ Bucket, ...input }), { expiresIn: 60, ...options });
const put = await fetch(await sign("PutObject", { Key: "by address", ContentType: "text/x-own", Metadata: { mood: "good" } },
  { signableHeaders: new Set(["content-type"]), unhoistableHeaders: new Set(["x-amz-meta-mood"]) }),
{ method: "PUT", body: "there", headers: { "content-type": "text/x-own", "x-amz-meta-mood": "good" } });
assert.equal(put.status, 200, await put.text());
const back = await fetch(await sign("GetObject", { Key: "by address", ResponseContentDisposition: "attachment; filename*=UTF-8''%C3%BC" }));
assert.deepEqual([await back.text(), back.headers.get("content-type"), back.headers.get("x-amz-meta-mood"), back.headers.get("content-disposition")],
  ["there", "text/x-own", "good", "attachment; filename*=UTF-8''%C3%BC"]);
assert.equal(await (await fetch(await sign("GetObject", { Key: "note", VersionId: two.VersionId }))).text(), "two");
assert.equal((await fetch(await sign("DeleteObject", { Key: "by address" }), { method: "DELETE" })).status, 204);
const altered = (await sign("GetObject", { Key: "note" })).replace("/note?", "/small?");
assert.equal((await fetch(altered)).status, 403);
const { url, fields } = await createPresignedPost(s3, { Bucket, Key: "forms/${filename}", Expires: 60,
  Conditions: [["content-length-range", 1, 100], ["starts-with", "$Content-Type", "text/"]], Fields: { success_action_status: "201" } });
const form = (type, text) => {
  const data = new FormData();
  for (const [name, value] of Object.entries({ ...fields, "Content-Type": type })) data.append(name, value);
  data.append("file", new Blob([text]), "ü.txt");
  return fetch(url, { method: "POST", body: data });
};
assert.equal((await form("text/plain", "by a form")).status, 201);
assert.equal((await form("image/png", "x")).status, 403);
assert.equal((await form("text/plain", "x".repeat(101))).status, 400);
assert.equal(await (await send("GetObject", { Key: "forms/ü.txt" })).Body.transformToString(), "by a form");

// Who has the wrong keys.
const credentials = { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: "wrong" };
await refused(send("ListObjectsV2", {}, new sdk.S3Client({ forcePathStyle: true, credentials })), "SignatureDoesNotMatch");
await refused(send("ListObjectsV2", {}, new sdk.S3Client({ forcePathStyle: true, credentials: { ...credentials, accessKeyId: "AKIANOBODY" } })), "InvalidAccessKeyId");
await refused(send("GetObject", { Key: "none" }), "NoSuchKey");

const all = await send("ListObjectVersions", {});
await send("DeleteObjects", { Delete: { Objects: [...all.Versions, ...all.DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId })), Quiet: true } });
await send("DeleteBucket", {});
console.log("done");
