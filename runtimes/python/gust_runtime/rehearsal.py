"""The function that a generic runtime invokes once before it has one of its own."""


def handler(event, context):
    return {"statusCode": 200, "body": "%s %d" % (event["a"][0], context.get_remaining_time_in_millis())}
