import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useMemo, useState } from 'react';
import { describeTable, dynamodb, indexesOf, shown, type Item, type Page, type Table } from '../../api/dynamodb';
import { href } from '../../app/router';
import { Await, Badge, Button, Crumbs, Empty, Facts, Failure, PageHead, Panel } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { bytes, count, many } from '../../ui/format';
import { filterOf } from './filter';
import { ItemDialog } from './ItemDialog';
import { QueryForm } from './QueryForm';
import { columnsOf, inputOf, type Search } from './search';

const MOST_ROWS = 50_000;

function Items({ table, search, onOpen }: { table: Table; search: Search; onOpen: (item: Item) => void }) {
  const { operation, input } = useMemo(() => inputOf(table, search), [table, search]);
  const query = useInfiniteQuery({
    queryKey: ['items', table.TableName, operation, input],
    queryFn: ({ pageParam }) => dynamodb<Page>(operation, { ...input, ExclusiveStartKey: pageParam }),
    initialPageParam: undefined as Item | undefined,
    getNextPageParam: (page) => page.LastEvaluatedKey,
    retry: false,
  });
  const items = useMemo(() => query.data?.pages.flatMap((p) => p.Items) ?? [], [query.data]);
  const columns = useMemo(
    () =>
      columnsOf(table, items).map((name): Column<[Item, number]> => ({
        key: name,
        title: name,
        cell: ([item]) => shown(item[name]).slice(0, 200),
        width: 'minmax(7rem, 1fr)',
      })),
    [table, items],
  );
  if (query.error) return <Failure error={query.error} again={() => void query.refetch()} />;
  const scanned = query.data?.pages.reduce((n, p) => n + p.ScannedCount, 0) ?? 0;
  if (!query.isPending && !items.length && !query.hasNextPage)
    return <Empty title="No items" command={`gust table put ${table.TableName} '{${table.KeySchema.map((k) => `"${k.AttributeName}": "a"`).join(', ')}}'`} />;
  const more = () => query.hasNextPage && !query.isFetchingNextPage && items.length < MOST_ROWS && void query.fetchNextPage();
  return (
      <DataTable
        label={`Items of ${table.TableName}`}
        rows={items.map((item, i): [Item, number] => [item, i])}
        columns={columns}
        rowKey={([, i]) => String(i)}
        onOpen={([item]) => onOpen(item)}
        minWidth={columns.length * 118}
        onEnd={more}
        foot={
          <span className="row">
            {many(items.length, 'item')}, {count(scanned)} looked at
            {query.hasNextPage && (
              <Button kind="quiet" busy={query.isFetchingNextPage} onClick={more}>
                More
              </Button>
            )}
          </span>
        }
      />
  );
}

const keyText = (table: Table, schema: Table['KeySchema']) =>
  schema.map((k) => `${k.AttributeName} (${table.AttributeDefinitions.find((a) => a.AttributeName === k.AttributeName)?.AttributeType})`).join(', ');

/** What is wrong with the condition; then nothing is asked. */
function problemOf(search: Search): string | undefined {
  try {
    filterOf(search.filter);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

export function TablePage({ name }: { name: string }) {
  const queries = useQueryClient();
  const table = useQuery({ queryKey: ['table', name], queryFn: () => describeTable(name), refetchInterval: 10_000 });
  const [search, setSearch] = useState<Search>({ index: '', hash: '', condition: '=', range: '', to: '', filter: '', order: 'up' });
  const [open, setOpen] = useState<Item | 'new'>();
  const problem = problemOf(search);
  return (
    <>
      <Crumbs items={[['Tables', href('tables')], [name]]} />
      <Await query={table}>
        {(found) => (
          <>
            <PageHead title={name}>
              {found.TableStatus !== 'ACTIVE' && <Badge tone="warn">{found.TableStatus}</Badge>}
              <Badge>about {many(found.ItemCount, 'item')}</Badge>
              <Badge>{bytes(found.TableSizeBytes)}</Badge>
              <Button kind="primary" onClick={() => setOpen('new')}>
                <Plus size={16} aria-hidden /> New item
              </Button>
            </PageHead>
            <Panel>
              <QueryForm table={found} search={search} wrong={!!problem} onSearch={setSearch} />
            </Panel>
            {problem ? (
              <p className="notice bad" role="alert">
                Only items where: {problem}
              </p>
            ) : (
              <Items table={found} search={search} onOpen={setOpen} />
            )}
            <details className="panel details">
              <summary>About the table</summary>
              <Facts
                rows={[
                  ['ARN', <code key="arn">{found.TableArn}</code>],
                  ['Key', keyText(found, found.KeySchema)],
                  ...indexesOf(found).map((i): [string, string] => [`Index ${i.IndexName}`, `${keyText(found, i.KeySchema)}; ${i.Projection.ProjectionType}`]),
                  ['Billing', found.BillingModeSummary?.BillingMode ?? 'PROVISIONED'],
                  ['Stream', found.StreamSpecification?.StreamEnabled ? found.StreamSpecification.StreamViewType : 'off'],
                ]}
              />
            </details>
            {open && (
              <ItemDialog
                table={found}
                item={open === 'new' ? undefined : open}
                onClose={() => setOpen(undefined)}
                onChanged={() => void queries.invalidateQueries({ queryKey: ['items', name] })}
              />
            )}
          </>
        )}
      </Await>
    </>
  );
}
