// S3's own API over XML.
import { call } from './http';

export interface Bucket {
  name: string;
  created: string;
}
export interface ObjectRow {
  key: string;
  size: number;
  modified: string;
  etag: string;
}
export interface Listing {
  objects: ObjectRow[];
  prefixes: string[];
  next?: string;
}

const parse = (text: string) => new DOMParser().parseFromString(text, 'application/xml');
const text = (node: Element | Document, name: string) => node.getElementsByTagName(name)[0]?.textContent ?? '';
const xml = async (path: string, init?: RequestInit) => parse(await (await call(path, init)).text());

export const encodeKey = (key: string) => key.split('/').map(encodeURIComponent).join('/');
/** Keys with '.' or '..' as a part have no address in a browser, which takes them for a way up. */
export const objectPath = (bucket: string, key: string) => `aws/s3/${encodeURIComponent(bucket)}/${encodeKey(key)}`;

export async function listBuckets(): Promise<Bucket[]> {
  const answer = await xml('aws/s3/');
  return [...answer.getElementsByTagName('Bucket')].map((b) => ({ name: text(b, 'Name'), created: text(b, 'CreationDate') }));
}
export const bucketNames = async () => (await listBuckets()).map((b) => b.name);

export async function listObjects(bucket: string, prefix: string, delimiter: string, token?: string): Promise<Listing> {
  const query = new URLSearchParams({ 'list-type': '2', 'encoding-type': 'url', prefix, delimiter });
  if (token) query.set('continuation-token', token);
  const answer = await xml(`aws/s3/${encodeURIComponent(bucket)}?${query}`);
  const decode = (s: string) => decodeURIComponent(s.replace(/\+/g, ' '));
  return {
    objects: [...answer.getElementsByTagName('Contents')].map((o) => ({
      key: decode(text(o, 'Key')),
      size: Number(text(o, 'Size')),
      modified: text(o, 'LastModified'),
      etag: text(o, 'ETag').replace(/"/g, ''),
    })),
    prefixes: [...answer.getElementsByTagName('CommonPrefixes')].map((p) => decode(text(p, 'Prefix'))),
    next: text(answer, 'NextContinuationToken') || undefined,
  };
}

export const createBucket = (bucket: string) => call(`aws/s3/${encodeURIComponent(bucket)}`, { method: 'PUT' });
export const deleteBucket = (bucket: string) => call(`aws/s3/${encodeURIComponent(bucket)}`, { method: 'DELETE' });
export const deleteObject = (bucket: string, key: string) => call(objectPath(bucket, key), { method: 'DELETE' });

export async function headObject(bucket: string, key: string): Promise<Headers> {
  return (await call(objectPath(bucket, key), { method: 'HEAD' })).headers;
}
/** The first bytes of an object as text. */
export async function peekObject(bucket: string, key: string, bytes: number): Promise<string> {
  return (await call(objectPath(bucket, key), { headers: { Range: `bytes=0-${bytes - 1}` } })).text();
}

/** The documents of a bucket's website; nothing when it is none. */
export async function getWebsite(bucket: string): Promise<{ index: string; error: string } | undefined> {
  const answer = await xml(`aws/s3/${encodeURIComponent(bucket)}?website`).catch((error) => {
    if (error.code === 'NoSuchWebsiteConfiguration') return undefined;
    throw error;
  });
  return answer && { index: text(answer, 'Suffix'), error: text(answer, 'Key') };
}
