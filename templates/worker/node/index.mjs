// Every change of the table, in order. What is named as failed comes again; what was before it does not.
export async function handler(event) {
  for (const { eventName, dynamodb } of event.Records) {
    try {
      await work(eventName, dynamodb.Keys.id.S, dynamodb.NewImage);
    } catch (error) {
      console.log("failed:", error.message);
      return { batchItemFailures: [{ itemIdentifier: dynamodb.SequenceNumber }] };
    }
  }
  return { batchItemFailures: [] };
}

async function work(what, id, item) {
  console.log(what, id, JSON.stringify(item));
}
