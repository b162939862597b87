// Events to test with: some that teach the shapes, and those that were saved, for each function, in this browser.

export interface SavedEvent {
  name: string;
  payload: string;
}
const KEY = 'gust.events';
const text = (value: unknown) => JSON.stringify(value, null, 2);

export const SAMPLES: SavedEvent[] = [
  { name: 'Hello', payload: text({ hello: 'world' }) },
  {
    name: 'HTTP request',
    payload: text({
      version: '2.0',
      routeKey: 'GET /hello',
      rawPath: '/hello',
      rawQueryString: 'name=Ann',
      queryStringParameters: { name: 'Ann' },
      headers: { accept: '*/*' },
      requestContext: { http: { method: 'GET', path: '/hello' } },
      isBase64Encoded: false,
    }),
  },
  {
    name: 'Upload to a bucket',
    payload: text({
      Records: [
        {
          eventVersion: '2.1',
          eventSource: 'aws:s3',
          eventName: 'ObjectCreated:Put',
          s3: { bucket: { name: 'photos', arn: 'arn:aws:s3:::photos' }, object: { key: 'lake.jpg', size: 1024 } },
        },
      ],
    }),
  },
  {
    name: 'Change of a table',
    payload: text({
      Records: [
        {
          eventID: '1',
          eventName: 'INSERT',
          eventSource: 'aws:dynamodb',
          dynamodb: { Keys: { id: { S: '1' } }, NewImage: { id: { S: '1' }, plays: { N: '3' } }, SequenceNumber: '1', StreamViewType: 'NEW_IMAGE' },
        },
      ],
    }),
  },
];

function all(): Record<string, SavedEvent[]> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}');
  } catch {
    return {};
  }
}

export const savedEvents = (name: string) => all()[name] ?? [];

function keep(name: string, events: SavedEvent[]) {
  localStorage.setItem(KEY, JSON.stringify({ ...all(), [name]: events }));
  return events;
}
export const saveEvent = (name: string, event: SavedEvent) => keep(name, [...savedEvents(name).filter((e) => e.name !== event.name), event]);
export const dropEvent = (name: string, event: string) => keep(name, savedEvents(name).filter((e) => e.name !== event));
