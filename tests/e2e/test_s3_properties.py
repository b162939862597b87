"""What objects and buckets have beside their bytes: tags, attributes, and the configurations that buckets may have."""
import pytest

from test_s3 import code_of


@pytest.fixture
def s3(gust):
    return gust.client("s3")


@pytest.fixture
def bucket(s3, unique):
    s3.create_bucket(Bucket=unique)
    return unique


def tags(**pairs):
    return {"TagSet": [{"Key": k, "Value": v} for k, v in sorted(pairs.items())]}


def test_tags_of_an_object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=1&b=two%20words")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags(a="1", b="two words")["TagSet"]
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 2
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tags(c="3"))
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags(c="3")["TagSet"]
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    assert s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"] == tags(c="3")["TagSet"]
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k", TaggingDirective="REPLACE", Tagging="d=4")
    assert s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"] == tags(d="4")["TagSet"]
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    upload = s3.create_multipart_upload(Bucket=bucket, Key="m", Tagging="e=5")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="m", UploadId=upload, PartNumber=1, Body=b"x")
    s3.complete_multipart_upload(Bucket=bucket, Key="m", UploadId=upload,
                                 MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="m")["TagSet"] == tags(e="5")["TagSet"]


@pytest.mark.parametrize("bad,code", [
    ({"TagSet": [{"Key": str(i), "Value": ""} for i in range(11)]}, "BadRequest"),
    ({"TagSet": [{"Key": "k" * 129, "Value": ""}]}, "InvalidTag"),
    ({"TagSet": [{"Key": "k", "Value": "v" * 257}]}, "InvalidTag"),
    ({"TagSet": [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]}, "InvalidTag"),
    ({"TagSet": [{"Key": "aws:mine", "Value": ""}]}, "InvalidTag"),
])
def test_tags_that_are_refused(s3, bucket, bad, code):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="kept=1")
    assert code_of(s3.put_object_tagging, Bucket=bucket, Key="k", Tagging=bad) == (code, 400)
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags(kept="1")["TagSet"]


@pytest.mark.parametrize("header, code", [("a=1&a=2", "InvalidArgument"), ("a%23=1", "InvalidTag"), ("a=x%21", "InvalidTag")])
def test_headers_of_tags_that_are_refused(s3, bucket, header, code):
    assert code_of(s3.put_object, Bucket=bucket, Key="k", Body=b"x", Tagging=header) == (code, 400)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="%C3%A4+_.%3A%2F%3D%2B-%40=%E6%97%A5")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "ä _.:/=+-@", "Value": "日"}]


def test_tags_of_what_is_not_there(s3, bucket):
    assert code_of(s3.get_object_tagging, Bucket=bucket, Key="none") == ("NoSuchKey", 404)
    assert code_of(s3.put_object_tagging, Bucket=bucket, Key="none", Tagging=tags(a="1")) == ("NoSuchKey", 404)


def test_tags_of_a_bucket(s3, bucket):
    assert code_of(s3.get_bucket_tagging, Bucket=bucket) == ("NoSuchTagSet", 404)
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tags(team="sea", cost="7"))
    assert {t["Key"]: t["Value"] for t in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]} == {"team": "sea", "cost": "7"}
    s3.delete_bucket_tagging(Bucket=bucket)
    assert code_of(s3.get_bucket_tagging, Bucket=bucket) == ("NoSuchTagSet", 404)


ALL = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]


def test_attributes(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ChecksumAlgorithm="SHA256")
    got = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=ALL)
    assert got["ETag"] == put["ETag"].strip('"') and got["ObjectSize"] == 5 and got["StorageClass"] == "STANDARD"
    assert got["Checksum"]["ChecksumSHA256"] == put["ChecksumSHA256"] and "ObjectParts" not in got
    assert code_of(s3.get_object_attributes, Bucket=bucket, Key="none", ObjectAttributes=["ETag"]) == ("NoSuchKey", 404)
    assert code_of(s3.get_object_attributes, Bucket=bucket, Key="k", ObjectAttributes=["Colour"]) == ("InvalidArgument", 400)


def test_attributes_of_parts(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="m", ChecksumAlgorithm="SHA256")["UploadId"]
    parts = []
    for number, body in ((1, b"a" * (5 << 20)), (2, b"b"), ):
        part = s3.upload_part(Bucket=bucket, Key="m", UploadId=upload, PartNumber=number, Body=body, ChecksumAlgorithm="SHA256")
        parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]})
    s3.complete_multipart_upload(Bucket=bucket, Key="m", UploadId=upload, MultipartUpload={"Parts": parts})
    got = s3.get_object_attributes(Bucket=bucket, Key="m", ObjectAttributes=ALL)
    assert got["ObjectParts"]["TotalPartsCount"] == 2
    assert [(p["PartNumber"], p["Size"], p["ChecksumSHA256"]) for p in got["ObjectParts"]["Parts"]] == [
        (1, 5 << 20, parts[0]["ChecksumSHA256"]), (2, 1, parts[1]["ChecksumSHA256"])]
    page = s3.get_object_attributes(Bucket=bucket, Key="m", ObjectAttributes=["ObjectParts"], MaxParts=1)["ObjectParts"]
    assert page["IsTruncated"] and page["NextPartNumberMarker"] == 1
    assert s3.get_object(Bucket=bucket, Key="m", PartNumber=2)["Body"].read() == b"b"


def test_what_a_bucket_has_that_nobody_configured(s3, bucket):
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=bucket)
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert code_of(s3.get_bucket_replication, Bucket=bucket) == ("ReplicationConfigurationNotFoundError", 404)
    assert code_of(s3.get_bucket_lifecycle_configuration, Bucket=bucket) == ("NoSuchLifecycleConfiguration", 404)
    for listed in (s3.list_bucket_analytics_configurations, s3.list_bucket_inventory_configurations,
                   s3.list_bucket_metrics_configurations, s3.list_bucket_intelligent_tiering_configurations):
        assert listed(Bucket=bucket)["IsTruncated"] is False
    for got in (s3.get_bucket_analytics_configuration, s3.get_bucket_inventory_configuration,
                s3.get_bucket_metrics_configuration, s3.get_bucket_intelligent_tiering_configuration):
        assert code_of(got, Bucket=bucket, Id="one") == ("NoSuchConfiguration", 404)
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "Requester"
    s3.put_bucket_accelerate_configuration(Bucket=bucket, AccelerateConfiguration={"Status": "Suspended"})
    assert s3.get_bucket_accelerate_configuration(Bucket=bucket)["Status"] == "Suspended"
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert code_of(s3.restore_object, Bucket=bucket, Key="k", RestoreRequest={"Days": 1}) == ("InvalidObjectState", 403)


def test_lifecycle_rules_are_kept(s3, bucket):
    rules = [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 3}},
             {"ID": "tagged", "Status": "Disabled", "Filter": {"And": {"Prefix": "a", "Tags": [{"Key": "k", "Value": "v"}]}},
              "NoncurrentVersionExpiration": {"NoncurrentDays": 2}}]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == rules
    s3.delete_bucket_lifecycle(Bucket=bucket)
    assert code_of(s3.get_bucket_lifecycle_configuration, Bucket=bucket) == ("NoSuchLifecycleConfiguration", 404)


@pytest.mark.parametrize("rule,code", [
    ({"Status": "on", "Filter": {}, "Expiration": {"Days": 1}}, "MalformedXML"),
    ({"Status": "Enabled", "Filter": {}}, "InvalidRequest"),
    ({"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 0}}, "InvalidArgument"),
    ({"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}, "MalformedXML"),
    ({"Status": "Enabled", "Filter": {}, "ID": "x" * 256, "Expiration": {"Days": 1}}, "InvalidArgument"),
    ({"Status": "Enabled", "Filter": {}, "Transitions": [{"Days": 29, "StorageClass": "STANDARD_IA"}]}, "InvalidArgument"),
    ({"Status": "Enabled", "Filter": {"And": {"Tags": [{"Key": "k", "Value": v} for v in "ab"]}}, "Expiration": {"Days": 1}},
     "InvalidRequest"),
])
def test_lifecycle_rules_that_are_refused(s3, bucket, rule, code):
    assert code_of(s3.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration={"Rules": [rule]}) == (code, 400)
