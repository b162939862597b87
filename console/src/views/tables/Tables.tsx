import { useQuery } from '@tanstack/react-query';
import { listTables } from '../../api/dynamodb';
import { go, href, useRoute } from '../../app/router';
import { Await, Empty, PageHead } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { Filter, useFilter } from '../../ui/Filter';
import { count } from '../../ui/format';
import { TablePage } from './TablePage';

const COLUMNS: Column<string>[] = [{ key: 'name', title: 'Name', cell: (name) => <a href={href('tables', [name])}>{name}</a>, sort: (name) => name }];
const MAKE = `aws dynamodb create-table --table-name music --billing-mode PAY_PER_REQUEST \\
  --attribute-definitions AttributeName=artist,AttributeType=S AttributeName=song,AttributeType=S \\
  --key-schema AttributeName=artist,KeyType=HASH AttributeName=song,KeyType=RANGE`;

function List() {
  const tables = useQuery({ queryKey: ['tables'], queryFn: listTables, refetchInterval: 10_000 });
  const filter = useFilter();
  return (
    <>
      <PageHead title="Tables">
        <Filter of={filter} />
      </PageHead>
      <Await query={tables}>
        {(all) => {
          const rows = all.filter((name) => filter.has(name));
          if (!all.length) return <Empty title="There are no tables yet" command={MAKE} />;
          return <DataTable label="Tables" rows={rows} columns={COLUMNS} rowKey={(name) => name} onOpen={(name) => go(href('tables', [name]))} foot={`${count(rows.length)} of ${count(all.length)}`} />;
        }}
      </Await>
    </>
  );
}

export default function Tables() {
  const { rest } = useRoute();
  return rest[0] ? <TablePage key={rest[0]} name={rest[0]} /> : <List />;
}
