import { useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { getCode, type FunctionAnswer } from '../../api/lambda';
import { Await, Empty, Failure, Panel } from '../../ui/basics';
import { Code, languageOf } from '../../ui/Code';
import { bytes } from '../../ui/format';
import { handlerFile, unpack } from './unpack';

function Files({ found, zip }: { found: FunctionAnswer; zip: Uint8Array }) {
  const query = useQuery({ queryKey: ['unpacked', found.Configuration.FunctionArn, found.Configuration.LastModified], queryFn: () => unpack(zip) });
  const [name, setName] = useState<string>();
  if (query.error) return <Failure error={query.error} />;
  const files = query.data ?? [];
  const open = files.find((f) => f.name === name) ?? handlerFile(files, found.Configuration.Handler) ?? files[0];
  const save = () => {
    const url = URL.createObjectURL(new Blob([zip as BlobPart], { type: 'application/zip' }));
    Object.assign(document.createElement('a'), { href: url, download: `${found.Configuration.FunctionName}.zip` }).click();
    URL.revokeObjectURL(url);
  };
  return (
    <div className="code-view">
      <Panel
        title="Files"
        className="files"
        actions={
          <button type="button" className="button quiet" onClick={save}>
            <Download size={16} aria-hidden /> zip
          </button>
        }
      >
        <ul>
          {files.slice(0, 2000).map((f) => (
            <li key={f.name}>
              <button type="button" aria-current={f === open || undefined} onClick={() => setName(f.name)}>
                <span>{f.name}</span>
                <small className="muted">{bytes(f.size)}</small>
              </button>
            </li>
          ))}
        </ul>
      </Panel>
      <Panel title={open?.name ?? ''} className="grow">
        {open?.text !== undefined ? (
          <Code key={open.name} label={open.name} text={open.text} language={languageOf(open.name)} />
        ) : (
          <p className="muted">{open ? `${bytes(open.size)}, not text.` : ''}</p>
        )}
      </Panel>
    </div>
  );
}

export function CodeTab({ found }: { found: FunctionAnswer }) {
  const { Location, ImageUri } = found.Code;
  const code = useQuery({
    queryKey: ['code', found.Configuration.FunctionArn, found.Configuration.LastModified],
    queryFn: () => getCode(Location!),
    enabled: !!Location,
    staleTime: Infinity,
  });
  if (!Location) return <Empty title="Its code is a container image">{ImageUri}</Empty>;
  return <Await query={code}>{(zip) => <Files found={found} zip={zip} />}</Await>;
}
