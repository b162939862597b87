import { useMutation, useQuery } from '@tanstack/react-query';
import { Download, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { urlOf } from '../../api/http';
import { deleteObject, headObject, objectPath, peekObject } from '../../api/s3';
import { Await, Button, CopyButton, Facts, Loading } from '../../ui/basics';
import { Code, languageOf } from '../../ui/Code';
import { Dialog } from '../../ui/Dialog';
import { bytes, pretty } from '../../ui/format';
import { toast, toastError } from '../../ui/Toasts';

const PEEK = 64 << 10;
const TEXT = /^(text\/|application\/(json|xml|yaml|javascript|x-sh|x-ndjson|toml))|\+(json|xml)/;
const TEXT_NAME = /\.(txt|md|csv|tsv|json|jsonl|ndjson|ya?ml|xml|html?|css|[cm]?[jt]sx?|py|rb|go|rs|java|cc|cpp|h|sh|toml|ini|log|sql)$/i;
const IMAGE_NAME = /\.(png|jpe?g|gif|webp|avif|svg|bmp|ico)$/i;

function TextPreview({ bucket, name, size }: { bucket: string; name: string; size: number }) {
  const text = useQuery({ queryKey: ['peek', bucket, name, size], queryFn: () => (size ? peekObject(bucket, name, PEEK) : Promise.resolve('')) });
  return (
    <Await query={text}>
      {(found) => (
        <>
          <Code label={`The beginning of ${name}`} text={size <= PEEK ? pretty(found) : found} language={languageOf(name)} />
          {size > PEEK && <p className="muted small">The first {bytes(PEEK)}.</p>}
        </>
      )}
    </Await>
  );
}

function Preview({ bucket, name, type, size }: { bucket: string; name: string; type: string; size: number }) {
  const [broken, setBroken] = useState(false);
  const source = urlOf(objectPath(bucket, name));
  if ((type.startsWith('image/') || IMAGE_NAME.test(name)) && !broken) {
    return <img className="preview" src={source} alt={name} onError={() => setBroken(true)} />;
  }
  if (type.startsWith('video/')) return <video className="preview" src={source} controls />;
  if (type.startsWith('audio/')) return <audio className="preview" src={source} controls />;
  if (TEXT.test(type) || TEXT_NAME.test(name)) return <TextPreview bucket={bucket} name={name} size={size} />;
  return <p className="muted">There is no preview of this kind of object.</p>;
}

export function ObjectDialog({ bucket, objectKey, onClose, onDeleted }: { bucket: string; objectKey: string; onClose: () => void; onDeleted: () => void }) {
  const head = useQuery({ queryKey: ['object', bucket, objectKey], queryFn: () => headObject(bucket, objectKey) });
  const remove = useMutation({
    mutationFn: () => deleteObject(bucket, objectKey),
    onSuccess: () => {
      toast('Deleted.');
      onDeleted();
      onClose();
    },
    onError: toastError,
  });
  const headers = head.data;
  const uri = `s3://${bucket}/${objectKey}`;
  return (
    <Dialog title={objectKey.split('/').at(-1) || objectKey} className="wide" onClose={onClose}>
      {!headers && !head.error && <Loading />}
      <Await query={head}>
        {(h) => {
          const size = Number(h.get('content-length') ?? 0);
          const meta = [...h].filter(([name]) => name.startsWith('x-amz-meta-')).map(([name, value]): [string, string] => [name.slice(11), value]);
          return (
            <>
              <Preview bucket={bucket} name={objectKey} type={h.get('content-type') ?? ''} size={size} />
              <Facts
                rows={[
                  [
                    'Address',
                    <span key="uri" className="with-icon">
                      <code>{uri}</code>
                      <CopyButton text={uri} label="Copy the address" />
                    </span>,
                  ],
                  ['Size', `${bytes(size)}${size > 999 ? ` (${size.toLocaleString('en-US')} bytes)` : ''}`],
                  ['Type', h.get('content-type') ?? ''],
                  ['Changed', h.get('last-modified') ?? ''],
                  ['ETag', h.get('etag') ?? ''],
                  ['Version', h.get('x-amz-version-id') ?? ''],
                  ...meta,
                ]}
              />
              <div className="actions">
                <a className="button primary" href={urlOf(objectPath(bucket, objectKey))} download={objectKey.split('/').at(-1)}>
                  <Download size={16} aria-hidden /> Download
                </a>
                <Button kind="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
                  <Trash2 size={16} aria-hidden /> Delete
                </Button>
              </div>
            </>
          );
        }}
      </Await>
    </Dialog>
  );
}
