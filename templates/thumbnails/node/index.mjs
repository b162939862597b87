import { S3Client, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import sharp from "sharp";

const s3 = new S3Client({});

// The same key gets the same thumbnail: an event that comes twice does no harm.
export async function handler(event) {
  for (const { s3: of } of event.Records) {
    const Bucket = of.bucket.name;
    const Key = decodeURIComponent(of.object.key.replaceAll("+", " "));
    const picture = await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body.transformToByteArray();
    const small = sharp(picture).rotate().resize(200, 200, { fit: "inside", withoutEnlargement: true });
    const Body = await small.jpeg().toBuffer();
    await s3.send(new PutObjectCommand({ Bucket: process.env.THUMBNAILS, Key, Body, ContentType: "image/jpeg" }));
    console.log("made a thumbnail of", Key);
  }
}
