def handler(event, context):
    """Every change of the table, in order. What is named as failed comes again; what was before it does not."""
    for record in event["Records"]:
        change = record["dynamodb"]
        try:
            work(record["eventName"], change["Keys"]["id"]["S"], change.get("NewImage"))
        except Exception as error:
            print("failed:", error)
            return {"batchItemFailures": [{"itemIdentifier": change["SequenceNumber"]}]}
    return {"batchItemFailures": []}


def work(what, id, item):
    print(what, id, item)
