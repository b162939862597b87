// How far back a search or a query looks.
import { Field } from '../../ui/basics';
import { RANGES } from './range';

export function Since({ minutes, set }: { minutes: number; set: (minutes: number) => void }) {
  return (
    <Field label="Since">
      <select value={minutes} onChange={(e) => set(Number(e.target.value))}>
        {RANGES.map(([n, words]) => (
          <option key={n} value={n}>
            {words}
          </option>
        ))}
      </select>
    </Field>
  );
}
