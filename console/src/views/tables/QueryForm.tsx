import { Search as SearchIcon } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { indexesOf, partOf, type Table } from '../../api/dynamodb';
import { Button, Field } from '../../ui/basics';
import { schemaOf, type Search } from './search';

const CONDITIONS: [Search['condition'], string][] = [
  ['=', 'is'],
  ['begins_with', 'begins with'],
  ['between', 'is between'],
  ['<', 'is less than'],
  ['<=', 'is at most'],
  ['>', 'is more than'],
  ['>=', 'is at least'],
];

export function QueryForm({ table, search, wrong, onSearch }: { table: Table; search: Search; wrong?: boolean; onSearch: (next: Search) => void }) {
  const [form, setForm] = useState(search);
  const schema = schemaOf(table, form.index);
  const hash = partOf(schema, 'HASH')!;
  const range = partOf(schema, 'RANGE');
  const set = (part: Partial<Search>) => setForm({ ...form, ...part });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSearch({ ...form });
  };
  const indexes = indexesOf(table);
  return (
    <form className="query" onSubmit={submit}>
      {indexes.length > 0 && (
        <Field label="Look in">
          <select value={form.index} onChange={(e) => set({ index: e.target.value })}>
            <option value="">the table</option>
            {indexes.map((i) => (
              <option key={i.IndexName} value={i.IndexName}>
                index {i.IndexName}
              </option>
            ))}
          </select>
        </Field>
      )}
      <Field label={`${hash} is`}>
        <input value={form.hash} placeholder="any" spellCheck={false} onChange={(e) => set({ hash: e.target.value })} />
      </Field>
      {range && form.hash && (
        <>
          <Field label={range}>
            <select value={form.condition} onChange={(e) => set({ condition: e.target.value as Search['condition'] })}>
              {CONDITIONS.map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </select>
          </Field>
          <Field label={form.condition === 'between' ? 'from' : 'this'}>
            <input value={form.range} placeholder="any" spellCheck={false} onChange={(e) => set({ range: e.target.value })} />
          </Field>
          {form.condition === 'between' && (
            <Field label="to">
              <input value={form.to} spellCheck={false} onChange={(e) => set({ to: e.target.value })} />
            </Field>
          )}
          <Field label="Order">
            <select value={form.order} onChange={(e) => set({ order: e.target.value as Search['order'] })}>
              <option value="up">first to last</option>
              <option value="down">last to first</option>
            </select>
          </Field>
        </>
      )}
      <Field label="Only items where">
        <input value={form.filter} placeholder="plays >= 3, or song ~ Man" spellCheck={false} aria-invalid={(wrong && form.filter === search.filter) || undefined} onChange={(e) => set({ filter: e.target.value })} />
      </Field>
      <Button kind="primary" type="submit">
        <SearchIcon size={16} aria-hidden /> {form.hash ? 'Query' : 'Scan'}
      </Button>
    </form>
  );
}
