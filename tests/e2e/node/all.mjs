// The AWS SDK for JavaScript v3 against a running daemon; prints one JSON line of what it saw.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { ApiGatewayV2Client, CreateApiCommand, DeleteApiCommand, GetApisCommand } from "@aws-sdk/client-apigatewayv2";
import { CreateFunctionCommand, DeleteFunctionCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  CreateBucketCommand, DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const [bucket, zipBase64] = process.argv.slice(2);
const s3 = new S3Client({ forcePathStyle: true });

await s3.send(new CreateBucketCommand({ Bucket: bucket }));
const put = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "a/ü b.txt", Body: "hello", ContentType: "text/x" }));
const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "a/ü b.txt" }));
assert.equal(await got.Body.transformToString(), "hello");
assert.equal(got.ETag, put.ETag);

// A stream without a known length goes out aws-chunked with a trailing checksum, in parts.
const big = Buffer.alloc(12 << 20, "gust");
await new Upload({ client: s3, params: { Bucket: bucket, Key: "big", Body: Readable.from([big.subarray(0, 1000), big.subarray(1000)]) } }).done();
const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "big" }));
assert.equal(head.ContentLength, big.length);
const back = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "big" }));
assert.ok(Buffer.from(await back.Body.transformToByteArray()).equals(big));

const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket: bucket, Key: "a/ü b.txt" }), { expiresIn: 60 });
assert.equal(await (await fetch(url)).text(), "hello");
await assert.rejects(s3.send(new GetObjectCommand({ Bucket: bucket, Key: "none" })), { name: "NoSuchKey" });
const listed = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
assert.deepEqual(listed.Contents.map((o) => o.Key), ["a/ü b.txt", "big"]);
await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: listed.Contents.map(({ Key }) => ({ Key })) } }));

const lambda = new LambdaClient({});
await lambda.send(new CreateFunctionCommand({
  FunctionName: bucket, Runtime: "nodejs20.x", Handler: "index.handler", Role: "arn:aws:iam::000000000000:role/any",
  Code: { ZipFile: Buffer.from(zipBase64, "base64") },
}));
const answer = await lambda.send(new InvokeCommand({ FunctionName: bucket, Payload: JSON.stringify({ n: 1 }) }));
assert.equal(answer.StatusCode, 200);
const payload = JSON.parse(Buffer.from(answer.Payload).toString());
await lambda.send(new DeleteFunctionCommand({ FunctionName: bucket }));
await assert.rejects(lambda.send(new InvokeCommand({ FunctionName: bucket })), { name: "ResourceNotFoundException" });

const gateway = new ApiGatewayV2Client({});
const api = await gateway.send(new CreateApiCommand({ Name: bucket, ProtocolType: "HTTP" }));
assert.ok((await gateway.send(new GetApisCommand({}))).Items.some((a) => a.ApiId === api.ApiId && a.ApiEndpoint));
await gateway.send(new DeleteApiCommand({ ApiId: api.ApiId }));
const me = await new STSClient({}).send(new GetCallerIdentityCommand({}));
console.log(JSON.stringify({ payload, account: me.Account }));
