import { href } from '../../app/router';
import { LiveLog } from '../../ui/LiveLog';

export function LogsTab({ name, group }: { name: string; group?: string }) {
  return (
    <LiveLog name={name} of="function" command={`gust invoke ${name} --log`}>
      {group && (
        <a className="button" href={href('logs', [group])}>
          Search
        </a>
      )}
    </LiveLog>
  );
}
