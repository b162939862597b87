import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { File as FileIcon, Folder, Trash2, Upload } from 'lucide-react';
import { useMemo, useRef, useState, type DragEvent } from 'react';
import { deleteBucket, deleteObject, listObjects, type ObjectRow } from '../../api/s3';
import { go, href, useRoute } from '../../app/router';
import { Await, Button, Crumbs, Empty, PageHead } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { Confirm } from '../../ui/Dialog';
import { ago, bytes, count, many } from '../../ui/format';
import { toast, toastError } from '../../ui/Toasts';
import { ObjectDialog } from './ObjectDialog';
import { addUploads, Uploads } from './Uploads';

type Row = { key: string; name: string; object?: ObjectRow };
type Chosen = { keys: Set<string>; toggle: (key: string) => void };

const columns = (bucket: string, prefix: string, chosen: Chosen): Column<Row>[] => [
  {
    key: 'choose',
    title: '',
    width: '18px',
    cell: (r) => r.object && <input type="checkbox" aria-label={`Choose ${r.name}`} checked={chosen.keys.has(r.key)} onChange={() => chosen.toggle(r.key)} />,
  },
  {
    key: 'name',
    title: 'Name',
    sort: (r) => (r.object ? '1' : '0') + r.name,
    cell: (r) => (
      <a className="with-icon" href={r.object ? href('buckets', [bucket, prefix], { object: r.key }) : href('buckets', [bucket, r.key])}>
        {r.object ? <FileIcon size={15} aria-hidden /> : <Folder size={15} aria-hidden />}
        <span>{r.name}</span>
      </a>
    ),
    width: 'minmax(10rem, 3fr)',
  },
  { key: 'size', title: 'Size', sort: (r) => r.object?.size ?? -1, cell: (r) => (r.object ? bytes(r.object.size) : ''), align: 'end', width: '6rem' },
  { key: 'modified', title: 'Changed', sort: (r) => r.object?.modified ?? '', cell: (r) => r.object && ago(r.object.modified), align: 'end', width: '8rem', narrow: 'hide' },
];

function crumbs(bucket: string, prefix: string): [string, string?][] {
  const parts = prefix.split('/').filter(Boolean);
  const steps = parts.map((part, i): [string, string?] => [part, href('buckets', [bucket, `${parts.slice(0, i + 1).join('/')}/`])]);
  const all: [string, string?][] = [['Buckets', href('buckets')], [bucket, href('buckets', [bucket])], ...steps];
  return all.map(([label, to], i) => (i === all.length - 1 ? [label] : [label, to]));
}

export function BucketPage({ bucket, prefix }: { bucket: string; prefix: string }) {
  const { query } = useRoute();
  const queries = useQueryClient();
  const picker = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [keys, setKeys] = useState<Set<string>>(new Set());
  const [asks, setAsks] = useState<'objects' | 'bucket'>();
  const listing = useInfiniteQuery({
    queryKey: ['objects', bucket, prefix],
    queryFn: ({ pageParam }) => listObjects(bucket, prefix, '/', pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    // Long listings are not asked for again and again while someone scrolls in them.
    refetchInterval: (q) => ((q.state.data?.pages.length ?? 0) > 1 ? false : 5000),
  });
  const rows = useMemo(() => {
    const name = (key: string) => key.slice(prefix.length);
    return (listing.data?.pages ?? []).flatMap((page) => [
      ...page.prefixes.map((key): Row => ({ key, name: name(key) })),
      ...page.objects.filter((o) => o.key !== prefix).map((object): Row => ({ key: object.key, name: name(object.key), object })),
    ]);
  }, [listing.data, prefix]);
  const toggle = (key: string) => setKeys((before) => new Set(before.has(key) ? [...before].filter((k) => k !== key) : [...before, key]));
  const refresh = () => void queries.invalidateQueries({ queryKey: ['objects', bucket] });
  const take = (files: FileList | null) => addUploads(bucket, [...(files ?? [])].map((file) => ({ file, key: prefix + file.name })), refresh);
  const remove = useMutation({
    mutationFn: async () => {
      for (const key of keys) await deleteObject(bucket, key);
    },
    onSuccess: () => toast(`${count(keys.size)} deleted.`),
    onError: toastError,
    onSettled: () => {
      setKeys(new Set());
      setAsks(undefined);
      refresh();
    },
  });
  const removeBucket = useMutation({
    mutationFn: () => deleteBucket(bucket),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['buckets'] });
      go(href('buckets'));
    },
    onError: (error) => {
      setAsks(undefined);
      toastError(error);
    },
  });
  const drag = (event: DragEvent, inside: boolean) => {
    event.preventDefault();
    setOver(inside);
  };
  const object = query.get('object');
  return (
    <div
      className={`drop ${over ? 'over' : ''}`}
      onDragOver={(e) => drag(e, true)}
      onDragLeave={(e) => drag(e, false)}
      onDrop={(e) => {
        drag(e, false);
        take(e.dataTransfer.files);
      }}
    >
      <Crumbs items={crumbs(bucket, prefix)} />
      <PageHead title={prefix ? (prefix.split('/').at(-2) ?? '') : bucket}>
        {keys.size > 0 && (
          <Button kind="danger" onClick={() => setAsks('objects')}>
            <Trash2 size={16} aria-hidden /> Delete {count(keys.size)}
          </Button>
        )}
        <Button kind="primary" onClick={() => picker.current!.click()}>
          <Upload size={16} aria-hidden /> Upload
        </Button>
        <input ref={picker} type="file" multiple hidden aria-label="Files to upload" onChange={(e) => take(e.target.files)} />
        {!prefix && (
          <Button kind="quiet" onClick={() => setAsks('bucket')}>
            Delete the bucket
          </Button>
        )}
      </PageHead>
      <Uploads bucket={bucket} />
      <Await query={{ data: listing.data, error: listing.error, refetch: listing.refetch }}>
        {() =>
          rows.length ? (
            <DataTable
              label={`Objects in ${bucket}/${prefix}`}
              rows={rows}
              columns={columns(bucket, prefix, { keys, toggle })}
              rowKey={(r) => r.key}
              onOpen={(r) => go(r.object ? href('buckets', [bucket, prefix], { object: r.key }) : href('buckets', [bucket, r.key]))}
              onEnd={() => listing.hasNextPage && !listing.isFetchingNextPage && void listing.fetchNextPage()}
              foot={`${count(rows.length)}${listing.hasNextPage ? ' so far; scroll for more' : ''}`}
            />
          ) : (
            <Empty title="Nothing is here" command={`gust bucket cp FILE s3://${bucket}/${prefix}`}>
              Drop files here, or copy them from the command line.
            </Empty>
          )
        }
      </Await>
      {object !== null && <ObjectDialog bucket={bucket} objectKey={object} onClose={() => go(href('buckets', prefix ? [bucket, prefix] : [bucket]))} onDeleted={refresh} />}
      {asks === 'objects' && (
        <Confirm title={`Delete ${many(keys.size, 'object')}?`} action="Delete" busy={remove.isPending} onYes={() => remove.mutate()} onClose={() => setAsks(undefined)}>
          <p>{[...keys].slice(0, 8).join(', ')}{keys.size > 8 ? ' …' : ''}</p>
        </Confirm>
      )}
      {asks === 'bucket' && (
        <Confirm title={`Delete ${bucket}?`} action="Delete" busy={removeBucket.isPending} onYes={() => removeBucket.mutate()} onClose={() => setAsks(undefined)}>
          <p>Only a bucket that is empty can be deleted.</p>
        </Confirm>
      )}
    </div>
  );
}
