// S3 by the AWS SDK for JavaScript v3: odd keys, conditions, copies, listings, multipart, configurations, refusals.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as sdk from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const [Bucket] = process.argv.slice(2);
const s3 = new sdk.S3Client({ forcePathStyle: true, maxAttempts: 1 });
const send = (name, input) => s3.send(new sdk[`${name}Command`]({ Bucket, ...input }));
const refused = (name, input, code, status) => assert.rejects(send(name, input), (e) => {
  assert.equal(e.name, code, `${name} ${JSON.stringify(input)}: ${e.name} ${e.message}`);
  if (status) assert.equal(e.$metadata.httpStatusCode, status);
  return true;
});
const text = (answer) => answer.Body.transformToString();

await send("CreateBucket", {});
await send("HeadBucket", {});
await send("CreateBucket", {});  // one's own again
assert.equal((await send("GetBucketLocation", {})).LocationConstraint, undefined);
assert.ok((await s3.send(new sdk.ListBucketsCommand({}))).Buckets.some((b) => b.Name === Bucket));

const keys = ["with space", "a+b", "100%", "a%2Fb", "a//b", "/leading", "trailing/", "ünï/日本/🎈", "k".repeat(1024), "q?x=1", "#h", "<&>'\"", "..x", "a b+c%20d"];
for (const Key of keys) {
  await send("PutObject", { Key, Body: Key });
  assert.equal(await text(await send("GetObject", { Key })), Key);
  assert.equal((await send("HeadObject", { Key })).ContentLength, Buffer.byteLength(Key));
  const url = await getSignedUrl(s3, new sdk.GetObjectCommand({ Bucket, Key }), { expiresIn: 60 });
  assert.equal(await (await fetch(url)).text(), Key);
  await send("CopyObject", { Key: "copy", CopySource: encodeURIComponent(`${Bucket}/${Key}`) });
  assert.equal(await text(await send("GetObject", { Key: "copy" })), Key);
}
const listed = await send("ListObjectsV2", { EncodingType: undefined });
assert.deepEqual(new Set(listed.Contents.map((o) => o.Key)), new Set([...keys, "copy"]));
let pages = 0, seen = 0;
for await (const page of sdk.paginateListObjectsV2({ client: s3, pageSize: 4 }, { Bucket })) { pages += 1; seen += page.KeyCount; }
assert.deepEqual([pages, seen], [Math.ceil(listed.KeyCount / 4), listed.KeyCount]);
const old = await send("ListObjects", { MaxKeys: 1, Delimiter: "/" });
assert.ok(old.IsTruncated && old.NextMarker);
const gone = await send("DeleteObjects", { Delete: { Objects: listed.Contents.map(({ Key }) => ({ Key })), Quiet: true } });
assert.equal(gone.Deleted, undefined);

const body = "0123456789", md5 = createHash("md5").update(body).digest();
const put = await send("PutObject", { Key: "k", Body: body, ContentMD5: md5.toString("base64"), Metadata: { One: "1" }, ChecksumAlgorithm: "SHA256" });
assert.equal(put.ETag, `"${md5.toString("hex")}"`);
assert.equal(put.ChecksumSHA256, createHash("sha256").update(body).digest("base64"));
assert.equal(await text(await send("GetObject", { Key: "k", Range: "bytes=2-4" })), "234");
assert.equal(await text(await send("GetObject", { Key: "k", Range: "bytes=-3", ChecksumMode: "ENABLED" })), "789");
assert.deepEqual((await send("HeadObject", { Key: "k" })).Metadata, { one: "1" });
await refused("GetObject", { Key: "k", Range: "bytes=10-" }, "InvalidRange", 416);
await refused("GetObject", { Key: "k", IfMatch: '"x"' }, "PreconditionFailed", 412);
await assert.rejects(send("GetObject", { Key: "k", IfNoneMatch: put.ETag }), (e) => e.$metadata.httpStatusCode === 304);
await refused("HeadObject", { Key: "none" }, "NotFound", 404);
await refused("GetObject", { Key: "none" }, "NoSuchKey", 404);
await refused("PutObject", { Key: "k", Body: "x", IfNoneMatch: "*" }, "PreconditionFailed", 412);
await refused("PutObject", { Key: "k", Body: "x", ContentMD5: createHash("md5").update("y").digest("base64") }, "BadDigest", 400);
await refused("PutObject", { Key: "k", Body: "x", ACL: "public-read" }, "AccessControlListNotSupported", 400);
await refused("CopyObject", { Key: "k", CopySource: `${Bucket}/k` }, "InvalidRequest", 400);
await send("CopyObject", { Key: "k", CopySource: `${Bucket}/k`, MetadataDirective: "REPLACE", Metadata: { two: "2" } });
assert.deepEqual((await send("HeadObject", { Key: "k" })).Metadata, { two: "2" });

for (const more of [{}, { ChecksumAlgorithm: "CRC32C" }, { ChecksumAlgorithm: "CRC64NVME" }, { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" }]) {
  const { UploadId } = await send("CreateMultipartUpload", { Key: "multi", ...more });
  const Parts = [];
  for (const [i, Body] of [Buffer.alloc(5 << 20, "a"), Buffer.from("tail")].entries()) {
    const { ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME } = await send("UploadPart", {
      Key: "multi", UploadId, PartNumber: i + 1, Body, ChecksumAlgorithm: more.ChecksumAlgorithm ?? "CRC32" });
    Parts.push({ PartNumber: i + 1, ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME });
  }
  assert.equal((await send("ListParts", { Key: "multi", UploadId })).Parts.length, 2);
  const done = await send("CompleteMultipartUpload", { Key: "multi", UploadId, MultipartUpload: { Parts } });
  assert.match(done.ETag, /-2"$/);
  const whole = await send("GetObject", { Key: "multi", ChecksumMode: "ENABLED" });
  assert.equal((await whole.Body.transformToByteArray()).length, (5 << 20) + 4);
}
const { UploadId } = await send("CreateMultipartUpload", { Key: "multi" });
assert.equal((await send("ListMultipartUploads", {})).Uploads.length, 1);
await refused("CompleteMultipartUpload", { Key: "multi", UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag: "x" }] } }, "InvalidPart", 400);
await send("UploadPartCopy", { Key: "multi", UploadId, PartNumber: 1, CopySource: `${Bucket}/k`, CopySourceRange: "bytes=0-3" });
await send("AbortMultipartUpload", { Key: "multi", UploadId });
await refused("AbortMultipartUpload", { Key: "multi", UploadId }, "NoSuchUpload", 404);

const CORSRules = [{ AllowedMethods: ["GET"], AllowedOrigins: ["*"] }];
await send("PutBucketCors", { CORSConfiguration: { CORSRules } });
assert.deepEqual((await send("GetBucketCors", {})).CORSRules, CORSRules);
await send("DeleteBucketCors", {});
await send("PutBucketNotificationConfiguration", { NotificationConfiguration: {} });
assert.equal((await send("GetBucketNotificationConfiguration", {})).LambdaFunctionConfigurations, undefined);
await refused("DeleteBucket", {}, "BucketNotEmpty", 409);
await send("DeleteObject", { Key: "k" });
await send("DeleteObject", { Key: "multi" });
await send("DeleteBucket", {});
await refused("HeadBucket", {}, "NotFound", 404);
console.log("done");
