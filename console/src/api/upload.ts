// Uploads with progress: small files whole, others in parts, three at a time. XMLHttpRequest, for fetch does not tell
// how much of a body has gone out.
import { call, errorOf, headersOf, urlOf } from './http';
import { objectPath } from './s3';

const PART = 16 << 20;
const MOST_PARTS = 10_000;
const AT_ONCE = 3;

function send(path: string, body: Blob, type: string | undefined, sent: (bytes: number) => void, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', urlOf(path));
    headersOf('PUT', type ? { 'Content-Type': type } : {}).forEach((value, name) => request.setRequestHeader(name, value));
    request.upload.onprogress = (event) => sent(event.loaded);
    request.onload = () =>
      request.status < 300
        ? resolve(request.getResponseHeader('etag') ?? '')
        : reject(errorOf(request.status, request.responseText, request.getResponseHeader('content-type') ?? ''));
    request.onerror = () => reject(new Error('the connection broke'));
    request.onabort = () => reject(new DOMException('stopped', 'AbortError'));
    signal.addEventListener('abort', () => request.abort());
    request.send(body);
  });
}

export function partsOf(size: number): { start: number; end: number }[] {
  const bytes = Math.max(PART, Math.ceil(size / MOST_PARTS / (1 << 20)) * (1 << 20));
  return Array.from({ length: Math.ceil(size / bytes) }, (_, i) => ({ start: i * bytes, end: Math.min(size, (i + 1) * bytes) }));
}

export async function upload(bucket: string, key: string, file: File, progress: (bytes: number) => void, signal: AbortSignal) {
  const path = objectPath(bucket, key);
  const type = file.type || 'application/octet-stream';
  if (file.size <= PART) {
    await send(path, file, type, progress, signal);
    return;
  }
  const begun = await (await call(`${path}?uploads`, { method: 'POST', headers: { 'Content-Type': type } })).text();
  const id = encodeURIComponent(begun.match(/<UploadId>([^<]+)</)?.[1] ?? '');
  const parts = partsOf(file.size);
  const done: number[] = parts.map(() => 0);
  const etags: string[] = [];
  const stop = new AbortController();
  signal.addEventListener('abort', () => stop.abort());
  let next = 0;
  const work = async () => {
    for (let i = next++; i < parts.length; i = next++) {
      const tell = (bytes: number) => {
        done[i] = bytes;
        progress(done.reduce((a, b) => a + b, 0));
      };
      const { start, end } = parts[i];
      etags[i] = await send(`${path}?partNumber=${i + 1}&uploadId=${id}`, file.slice(start, end), undefined, tell, stop.signal);
      tell(end - start);
    }
  };
  try {
    if (signal.aborted) throw new DOMException('stopped', 'AbortError');
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const list = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`).join('');
    const body = `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`;
    const answer = await (await call(`${path}?uploadId=${id}`, { method: 'POST', body, headers: { 'Content-Type': 'application/xml' } })).text();
    if (answer.includes('<Error>')) throw errorOf(200, answer); // after its first byte the status cannot change
  } catch (error) {
    stop.abort();
    await call(`${path}?uploadId=${id}`, { method: 'DELETE' }).catch(() => {});
    throw error;
  }
}
