"""The resize function: for each picture put into the uploads bucket, its thumbnail goes into the other bucket.

The thumbnail has the picture's own key, so that a repeated event writes the same object again. A picture that
cannot be read leaves failed/<key>.json with the reason for the page, and the error is raised all the same: the
event is retried and then kept as failed.
"""

import json
import os
import shutil
import tempfile
import urllib.parse

import boto3
from botocore.exceptions import ClientError

from thumbnail import BadPicture, make_thumbnail

THUMBNAIL_BUCKET = os.environ["THUMBNAIL_BUCKET"]
THUMBNAIL_SIZE = int(os.environ.get("THUMBNAIL_SIZE", "200"))
MAX_PIXELS = int(float(os.environ.get("MAX_MEGAPIXELS", "64")) * 1_000_000)
MAX_BYTES = 200 * 1024 * 1024  # the function's /tmp holds 512 MB

s3 = boto3.client("s3")


def handler(event, context):
    """Handles an S3 event. Does every record before it raises the first failure."""
    results, failure = [], None
    for record in event.get("Records", []):
        bucket = record["s3"]["bucket"]["name"]
        key = urllib.parse.unquote_plus(record["s3"]["object"]["key"])
        try:
            results.append(resize(bucket, key))
        except Exception as error:
            print(json.dumps({"key": key, "error": type(error).__name__, "message": str(error)}))
            failure = failure or error
    if failure:
        raise failure
    return results


def resize(bucket, key):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "picture")
        if not download(bucket, key, path):
            return {"key": key, "skipped": "deleted meanwhile"}
        try:
            thumbnail = make_thumbnail(path, THUMBNAIL_SIZE, MAX_PIXELS)
        except BadPicture as error:
            tell_failure(key, str(error))
            raise
    s3.put_object(
        Bucket=THUMBNAIL_BUCKET,
        Key=key,
        Body=thumbnail.body,
        ContentType=thumbnail.content_type,
        CacheControl="public, max-age=31536000, immutable",
    )
    done = {"key": key, "width": thumbnail.width, "height": thumbnail.height, "bytes": len(thumbnail.body)}
    print(json.dumps(done))
    return done


def download(bucket, key, path):
    """Streams the object into path. False if it is gone: then there is nothing left to do."""
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return False
        raise
    if answer["ContentLength"] > MAX_BYTES:
        reason = f"The file has {answer['ContentLength']} bytes; at most {MAX_BYTES} are accepted."
        tell_failure(key, reason)
        raise BadPicture(reason)
    with answer["Body"] as body, open(path, "wb") as file:
        shutil.copyfileobj(body, file, 1024 * 1024)
    return True


def tell_failure(key, reason):
    s3.put_object(
        Bucket=THUMBNAIL_BUCKET,
        Key=f"failed/{key}.json",
        Body=json.dumps({"key": key, "reason": reason}).encode(),
        ContentType="application/json",
    )
