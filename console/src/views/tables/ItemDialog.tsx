import { useMutation } from '@tanstack/react-query';
import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { deleteItem, keyOf, putItem, type Item, type Table } from '../../api/dynamodb';
import { Button, Failure, Field } from '../../ui/basics';
import { Dialog } from '../../ui/Dialog';
import { toast } from '../../ui/Toasts';

interface Props {
  table: Table;
  item?: Item; // none: a new one
  onClose: () => void;
  onChanged: () => void;
}

const blank = (table: Table): Item =>
  Object.fromEntries(
    table.KeySchema.map(({ AttributeName }) => [AttributeName, { [table.AttributeDefinitions.find((a) => a.AttributeName === AttributeName)!.AttributeType]: '' }]),
  ) as Item;

function problemOf(text: string): string | undefined {
  try {
    const value = JSON.parse(text);
    return value === null || typeof value !== 'object' || Array.isArray(value) ? 'an item is an object' : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

export function ItemDialog({ table, item, onClose, onChanged }: Props) {
  const [text, setText] = useState(() => JSON.stringify(item ?? blank(table), null, 2));
  const problem = problemOf(text);
  const done = (words: string) => () => {
    toast(words);
    onChanged();
    onClose();
  };
  const save = useMutation({ mutationFn: () => putItem(table.TableName, JSON.parse(text)), onSuccess: done('The item is saved.') });
  const remove = useMutation({ mutationFn: () => deleteItem(table.TableName, keyOf(table, item!)), onSuccess: done('The item is deleted.') });
  const error = save.error ?? remove.error;
  return (
    <Dialog title={item ? 'Item' : 'New item'} className="wide" onClose={onClose}>
      <Field label="Typed JSON" hint={problem ? undefined : 'S: text, N: number (as text), BOOL, NULL, B: base64, L: list, M: map, SS, NS, BS: sets. Another key makes another item.'}>
        <textarea data-first className="mono" rows={18} spellCheck={false} value={text} aria-invalid={!!problem} onChange={(e) => setText(e.target.value)} />
      </Field>
      {problem && (
        <p className="problem" role="alert">
          This is no item: {problem}
        </p>
      )}
      {error && <Failure error={error} />}
      <div className="actions end">
        {item && (
          <Button kind="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
            <Trash2 size={16} aria-hidden /> Delete
          </Button>
        )}
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" disabled={!!problem} busy={save.isPending} onClick={() => save.mutate()}>
          Save
        </Button>
      </div>
    </Dialog>
  );
}
