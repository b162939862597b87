import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { createBucket, listBuckets, type Bucket } from '../../api/s3';
import { go, href, useRoute } from '../../app/router';
import { Await, Button, Empty, Failure, Field, PageHead } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { Dialog } from '../../ui/Dialog';
import { Filter, useFilter } from '../../ui/Filter';
import { ago, count } from '../../ui/format';
import { BucketPage } from './BucketPage';

const COLUMNS: Column<Bucket>[] = [
  { key: 'name', title: 'Name', cell: (b) => <a href={href('buckets', [b.name])}>{b.name}</a>, sort: (b) => b.name },
  { key: 'created', title: 'Made', cell: (b) => ago(b.created), sort: (b) => b.created, align: 'end', width: '8rem' },
];

function NewBucket({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: () => createBucket(name.trim()),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['buckets'] });
      onClose();
      go(href('buckets', [name.trim()]));
    },
  });
  return (
    <Dialog title="New bucket" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <Field label="Name" hint="3 to 63 lower-case letters, digits, dots and dashes.">
          <input data-first value={name} spellCheck={false} autoCapitalize="off" required onChange={(e) => setName(e.target.value)} />
        </Field>
        {make.error && <Failure error={make.error} />}
        <div className="actions end">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={make.isPending}>
            Make it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function List() {
  const buckets = useQuery({ queryKey: ['buckets'], queryFn: listBuckets, refetchInterval: 10_000 });
  const filter = useFilter();
  const [making, setMaking] = useState(false);
  return (
    <>
      <PageHead title="Buckets">
        <Filter of={filter} />
        <Button kind="primary" onClick={() => setMaking(true)}>
          <Plus size={16} aria-hidden /> New bucket
        </Button>
      </PageHead>
      <Await query={buckets}>
        {(all) => {
          const rows = all.filter((b) => filter.has(b.name));
          if (!all.length) return <Empty title="There are no buckets yet" command="gust bucket mb s3://photos" />;
          return (
            <DataTable label="Buckets" rows={rows} columns={COLUMNS} rowKey={(b) => b.name} onOpen={(b) => go(href('buckets', [b.name]))} foot={`${count(rows.length)} of ${count(all.length)}`} />
          );
        }}
      </Await>
      {making && <NewBucket onClose={() => setMaking(false)} />}
    </>
  );
}

export default function Buckets() {
  const { rest } = useRoute();
  return rest[0] ? <BucketPage key={rest[0]} bucket={rest[0]} prefix={rest[1] ?? ''} /> : <List />;
}
