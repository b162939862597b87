import { useQuery } from '@tanstack/react-query';
import { ExternalLink } from 'lucide-react';
import { bucketNames, getWebsite } from '../../api/s3';
import { href } from '../../app/router';
import { Await, Empty, PageHead } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { Filter, useFilter } from '../../ui/Filter';

interface Site {
  bucket: string;
  index: string;
  error: string;
}
const addressOf = (bucket: string) => `http://${bucket}.site.localhost:${location.port || 80}/`;

const COLUMNS: Column<Site>[] = [
  { key: 'bucket', title: 'Bucket', cell: (s) => <a href={href('buckets', [s.bucket])}>{s.bucket}</a>, sort: (s) => s.bucket },
  {
    key: 'address',
    title: 'Address',
    cell: (s) => (
      <a className="with-icon" href={addressOf(s.bucket)} target="_blank" rel="noreferrer">
        <span>{addressOf(s.bucket)}</span>
        <ExternalLink size={14} aria-label="opens in a new tab" />
      </a>
    ),
    width: 'minmax(0, 2fr)',
  },
  { key: 'index', title: 'First page', cell: (s) => s.index, width: '9rem', narrow: 'hide' },
  { key: 'error', title: 'When missing', cell: (s) => s.error || '–', width: '9rem', narrow: 'hide' },
];

async function listSites(): Promise<Site[]> {
  const buckets = await bucketNames();
  const out: Site[] = [];
  for (let i = 0; i < buckets.length; i += 8) {
    const found = await Promise.all(buckets.slice(i, i + 8).map(async (bucket) => ({ bucket, site: await getWebsite(bucket) })));
    for (const { bucket, site } of found) if (site) out.push({ bucket, ...site });
  }
  return out;
}

export default function Sites() {
  const filter = useFilter();
  const sites = useQuery({ queryKey: ['sites'], queryFn: listSites, staleTime: 15_000 });
  return (
    <>
      <PageHead title="Sites" lead="Buckets that are served as static sites.">
        <Filter of={filter} />
      </PageHead>
      <Await query={sites}>
        {(all) =>
          all.length ? (
            <DataTable label="Sites" rows={all.filter((s) => filter.has(s.bucket))} columns={COLUMNS} rowKey={(s) => s.bucket} />
          ) : (
            <Empty title="There are no sites yet" command="aws s3 website s3://BUCKET --index-document index.html">
              A bucket with a website configuration is one.
            </Empty>
          )
        }
      </Await>
    </>
  );
}
