// Uploads go on while other views are open; the list is of the page.
import { X } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { upload } from '../../api/upload';
import { Button, Panel } from '../../ui/basics';
import { bytes } from '../../ui/format';

interface Job {
  id: number;
  bucket: string;
  key: string;
  file: File;
  sent: number;
  state: 'waiting' | 'running' | 'done' | 'failed';
  error?: string;
  stop: AbortController;
  onDone: () => void;
}
const AT_ONCE = 2;
let jobs: Job[] = [];
let next = 1;
const listeners = new Set<() => void>();

function change(id: number, part: Partial<Job>) {
  jobs = jobs.map((j) => (j.id === id ? { ...j, ...part } : j));
  listeners.forEach((tell) => tell());
}

function pump() {
  while (jobs.filter((j) => j.state === 'running').length < AT_ONCE) {
    const job = jobs.find((j) => j.state === 'waiting');
    if (!job) return;
    change(job.id, { state: 'running' });
    void upload(job.bucket, job.key, job.file, (sent) => change(job.id, { sent }), job.stop.signal)
      .then(() => {
        change(job.id, { state: 'done', sent: job.file.size });
        job.onDone();
      })
      .catch((error) => change(job.id, { state: 'failed', error: job.stop.signal.aborted ? 'stopped' : String(error.message) }))
      .finally(pump);
  }
}

export function addUploads(bucket: string, files: { file: File; key: string }[], onDone: () => void) {
  const made = files.map(({ file, key }): Job => ({ id: next++, bucket, key, file, sent: 0, state: 'waiting', stop: new AbortController(), onDone }));
  jobs = [...jobs.filter((j) => j.state !== 'done'), ...made];
  listeners.forEach((tell) => tell());
  pump();
}

function remove(job: Job) {
  job.stop.abort();
  jobs = jobs.filter((j) => j.id !== job.id);
  listeners.forEach((tell) => tell());
}

const subscribe = (tell: () => void) => {
  listeners.add(tell);
  return () => listeners.delete(tell);
};

const WORDS = { waiting: 'waits', running: '', done: 'done', failed: '' };

export function Uploads({ bucket }: { bucket: string }) {
  const mine = useSyncExternalStore(subscribe, () => jobs).filter((j) => j.bucket === bucket);
  if (!mine.length) return null;
  return (
    <Panel title="Uploads" className="uploads">
      <ul>
        {mine.map((j) => (
          <li key={j.id} data-state={j.state}>
            <span className="name">{j.key}</span>
            <progress aria-label={`Upload of ${j.key}`} value={j.sent} max={j.file.size || 1} />
            <span className={j.state === 'failed' ? 'bad' : 'muted'}>{j.error ?? (WORDS[j.state] || `${bytes(j.sent)} of ${bytes(j.file.size)}`)}</span>
            <Button kind="quiet" className="icon" aria-label={`${j.state === 'running' || j.state === 'waiting' ? 'Stop' : 'Dismiss'} ${j.key}`} onClick={() => remove(j)}>
              <X size={16} aria-hidden />
            </Button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
