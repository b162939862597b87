// S3 by the client library of MinIO: odd keys, streams, ranges, parts, copies, versions, tags, configurations, addresses.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import * as minio from "minio";

const [bucket] = process.argv.slice(2);
const { hostname: endPoint, port } = new URL(process.env.AWS_ENDPOINT_URL);
const keys = { accessKey: process.env.AWS_ACCESS_KEY_ID, secretKey: process.env.AWS_SECRET_ACCESS_KEY };
const common = { endPoint, port: Number(port), useSSL: false, pathStyle: true, region: "us-east-1" };
const client = new minio.Client({ ...common, ...keys });
const text = async (name, options) => (await buffer(await client.getObject(bucket, name, options))).toString();
const collected = (stream) => new Promise((resolve, reject) => {
  const out = [];
  stream.on("data", (one) => out.push(one));
  stream.on("error", reject);
  stream.on("end", () => resolve(out));
});
const refused = (promise, code) => assert.rejects(promise, (e) => (assert.equal(e.code, code, `${e.code}: ${e.message}`), true));
const folder = mkdtempSync(join(tmpdir(), "minio-"));
process.on("exit", () => rmSync(folder, { recursive: true }));

await client.makeBucket(bucket, "us-east-1");
assert.ok(await client.bucketExists(bucket));
assert.ok(!(await client.bucketExists(`${bucket}-none`)));
assert.ok((await client.listBuckets()).some((b) => b.name === bucket));

// Odd keys: put, get, listed, copied, deleted together. The library itself refuses keys with "." and "..".
const odd = ["with space", "a+b", "100%", "a%2Fb", "a//b", "trailing/", "ünï/日本/🎈", "q?x=1", "#h", "<&>'\"", "..x", "(a)!*~"];
for (const name of odd) {
  await client.putObject(bucket, name, name);
  assert.equal(await text(name), name);
  assert.equal((await client.statObject(bucket, name)).size, Buffer.byteLength(name));
  assert.equal(await (await fetch(await client.presignedGetObject(bucket, name, 60))).text(), name);
}
const everything = (prefix = "", recursive = true) => collected(client.listObjectsV2(bucket, prefix, recursive));
assert.deepEqual(new Set((await everything()).map((o) => o.name)), new Set(odd));
const top = await collected(client.listObjects(bucket, "", false));
assert.ok(top.some((o) => o.prefix === "a/") && top.some((o) => o.prefix === "ünï/"));
await client.copyObject(bucket, "copy", `/${bucket}/ünï/日本/🎈`);
assert.equal(await text("copy"), "ünï/日本/🎈");
await client.removeObjects(bucket, [...odd, "copy"]);
assert.deepEqual(await everything(), []);

// More than a page, deleted in one call that the library cuts in two.
const many = Array.from({ length: 1005 }, (_, i) => `many/${String(i).padStart(4, "0")}`);
for (let i = 0; i < many.length; i += 50) await Promise.all(many.slice(i, i + 50).map((name) => client.putObject(bucket, name, "x")));
assert.deepEqual((await everything("many/")).map((o) => o.name), many);
assert.deepEqual((await collected(client.listObjects(bucket, "many/", true))).map((o) => o.name), many);
await client.removeObjects(bucket, many);
assert.deepEqual(await everything(), []);

// Large ones, in parts: from a buffer's stream of unknown length, and from a file.
const large = Buffer.alloc((40 << 20) + 7);
for (let i = 0; i < large.length; i += 4096) large.writeUInt32LE((i * 2654435761) >>> 0, Math.min(i, large.length - 4));
const md5 = createHash("md5").update(large).digest("hex");
const metadata = { "Content-Type": "text/x-own", "X-Amz-Meta-Mood": "good", plain: "1" };
await client.putObject(bucket, "stream", Readable.from([large.subarray(0, 9 << 20), large.subarray(9 << 20)]), undefined, metadata);
writeFileSync(join(folder, "in"), large);
const parts = new minio.Client({ ...common, ...keys, partSize: 5 << 20 });
await parts.fPutObject(bucket, "file", join(folder, "in"), metadata);
for (const name of ["stream", "file"]) {
  const stat = await client.statObject(bucket, name);
  assert.equal(stat.size, large.length);
  assert.deepEqual([stat.metaData["content-type"], stat.metaData.mood, stat.metaData.plain], ["text/x-own", "good", "1"]);
  await client.fGetObject(bucket, name, join(folder, "out"));
  assert.equal(createHash("md5").update(readFileSync(join(folder, "out"))).digest("hex"), md5);
}
assert.match((await client.statObject(bucket, "file")).etag, /-\d+$/);
const range = await buffer(await client.getPartialObject(bucket, "file", (5 << 20) - 3, 9));
assert.ok(range.equals(large.subarray((5 << 20) - 3, (5 << 20) + 6)));
await client.composeObject(
  new minio.CopyDestinationOptions({ Bucket: bucket, Object: "composed" }),
  [new minio.CopySourceOptions({ Bucket: bucket, Object: "file" }), new minio.CopySourceOptions({ Bucket: bucket, Object: "stream" })]);
assert.equal((await client.statObject(bucket, "composed")).size, 2 * large.length);
const replaced = new minio.CopyDestinationOptions({ Bucket: bucket, Object: "file", UserMetadata: { mood: "better" }, MetadataDirective: "REPLACE" });
await client.copyObject(new minio.CopySourceOptions({ Bucket: bucket, Object: "file" }), replaced);
assert.equal((await client.statObject(bucket, "file")).metaData.mood, "better");

// Uploads that did not end: one goes on, one goes.
const upload = await client.initiateNewMultipartUpload(bucket, "unfinished/ü", {});
assert.equal(await client.findUploadId(bucket, "unfinished/ü"), upload);
const open = await collected(client.listIncompleteUploads(bucket, "", true));
assert.deepEqual(open.map((o) => o.key), ["unfinished/ü"]);
await client.removeIncompleteUpload(bucket, "unfinished/ü");
assert.deepEqual(await collected(client.listIncompleteUploads(bucket, "", true)), []);

// Versions, tags, retention.
await client.setBucketVersioning(bucket, { Status: "Enabled" });
assert.equal((await client.getBucketVersioning(bucket)).Status, "Enabled");
const first = (await client.putObject(bucket, "note", "one")).versionId;
const second = (await client.putObject(bucket, "note", "two")).versionId;
await client.removeObject(bucket, "note");
await refused(client.statObject(bucket, "note"), "NotFound");
assert.equal(await text("note", { versionId: first }), "one");
const versions = await collected(client.listObjects(bucket, "note", true, { IncludeVersion: true }));
assert.deepEqual(versions.map((v) => [v.versionId === first, v.versionId === second, v.isLatest, v.isDeleteMarker]).sort(),
  [[false, false, true, true], [false, true, false, false], [true, false, false, false]]);
await client.setObjectTagging(bucket, "note", { kind: "dråft +/@" }, { versionId: first });
assert.deepEqual(await client.getObjectTagging(bucket, "note", { versionId: first }), [{ Key: "kind", Value: "dråft +/@" }]);
await client.removeObjectTagging(bucket, "note", { versionId: first });
await client.removeObjects(bucket, versions.map((v) => ({ name: v.name, versionId: v.versionId })));
assert.deepEqual(await collected(client.listObjects(bucket, "note", true, { IncludeVersion: true })), []);
await client.makeBucket(`${bucket}-l`, "us-east-1", { ObjectLocking: true });
await client.setObjectLockConfig(`${bucket}-l`, { mode: "GOVERNANCE", unit: "Days", validity: 1 });
assert.equal((await client.getObjectLockConfig(`${bucket}-l`)).mode, "GOVERNANCE");
const { versionId } = await client.putObject(`${bucket}-l`, "kept", "x");
assert.equal((await client.getObjectRetention(`${bucket}-l`, "kept", { versionId })).mode, "GOVERNANCE");
await client.setObjectLegalHold(`${bucket}-l`, "kept", { versionId, status: "ON" });
assert.equal((await client.getObjectLegalHold(`${bucket}-l`, "kept", { versionId })).Status, "ON");
await refused(client.removeObject(`${bucket}-l`, "kept", { versionId }), "AccessDenied");
await client.setObjectLegalHold(`${bucket}-l`, "kept", { versionId, status: "OFF" });
await client.removeObject(`${bucket}-l`, "kept", { versionId, governanceBypass: true });
await client.removeBucket(`${bucket}-l`);

// The bucket's configurations.
await client.setBucketTagging(bucket, { of: "tests" });
assert.deepEqual(await client.getBucketTagging(bucket), [{ Key: "of", Value: "tests" }]);
await client.removeBucketTagging(bucket);
await client.setBucketLifecycle(bucket, { Rule: [{ ID: "old", Status: "Enabled", Filter: { Prefix: "logs/" }, Expiration: { Days: 3 } }] });
assert.equal(String([(await client.getBucketLifecycle(bucket)).Rule].flat()[0].Expiration.Days), "3");
await client.removeBucketLifecycle(bucket);
await client.setBucketEncryption(bucket, { Rule: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }] });
assert.match(JSON.stringify(await client.getBucketEncryption(bucket)), /"SSEAlgorithm":"AES256"/);
await client.removeBucketEncryption(bucket);
const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: { AWS: "000000000000" }, Action: "s3:GetObject", Resource: `arn:aws:s3:::${bucket}/*` }] };
await client.setBucketPolicy(bucket, JSON.stringify(policy));
assert.equal(JSON.parse(await client.getBucketPolicy(bucket)).Statement[0].Action, "s3:GetObject");
await refused(client.getBucketReplication(bucket), "ReplicationConfigurationNotFoundError");
await client.removeAllBucketNotification(bucket);
await client.getBucketNotification(bucket);

// Addresses and forms.
const put = await fetch(await client.presignedPutObject(bucket, "by address ü", 60), { method: "PUT", body: "there" });
assert.equal(put.status, 200);
const named = await client.presignedGetObject(bucket, "by address ü", 60, { "response-content-type": "text/x-other" });
const answer = await fetch(named);
assert.deepEqual([await answer.text(), answer.headers.get("content-type")], ["there", "text/x-other"]);
const form = client.newPostPolicy();
form.setBucket(bucket);
form.setKeyStartsWith("forms/");
form.setExpires(new Date(Date.now() + 60_000));
form.setContentLengthRange(1, 100);
form.setUserMetaData({ mood: "good" });
const { postURL, formData } = await client.presignedPostPolicy(form);
const data = new FormData();
for (const [name, value] of Object.entries({ ...formData, key: "forms/ü" })) data.append(name, value);
data.append("file", new Blob(["by a form"]));
assert.equal((await fetch(postURL, { method: "POST", body: data })).status, 204);
assert.equal(await text("forms/ü"), "by a form");

// Refusals.
const wrong = new minio.Client({ ...common, ...keys, secretKey: "wrong" });
await refused(wrong.putObject(bucket, "k", "x"), "SignatureDoesNotMatch");
const nobody = new minio.Client({ ...common, ...keys, accessKey: "AKIANOBODY" });
await refused(nobody.putObject(bucket, "k", "x"), "InvalidAccessKeyId");
await refused(client.getObject(bucket, "none"), "NoSuchKey");
await refused(client.removeBucket(bucket), "BucketNotEmpty");
const left = await collected(client.listObjects(bucket, "", true, { IncludeVersion: true }));
await client.removeObjects(bucket, left.map((v) => ({ name: v.name, versionId: v.versionId })));
await client.removeBucket(bucket);
console.log("done");
process.exit(0);  // the library does not read its answers to the removal of tags, whose connections would stay
