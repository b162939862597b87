"""Who may do what to a bucket: policies, ACLs, ownership, public access blocks, other accounts and nobody."""
import json

import boto3
import pytest
import requests
from botocore import UNSIGNED
from botocore.config import Config

from test_s3 import code_of

OPEN = {"BlockPublicAcls": False, "IgnorePublicAcls": False, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}
EVERYONE = "http://acs.amazonaws.com/groups/global/AllUsers"


@pytest.fixture
def s3(gust):
    return gust.client("s3")


@pytest.fixture
def bucket(s3, unique):
    s3.create_bucket(Bucket=unique)
    s3.put_object(Bucket=unique, Key="k", Body=b"secret")
    return unique


@pytest.fixture
def acls(s3, unique):
    """A bucket whose objects belong to their writers, with nothing blocked."""
    name = unique + "-acl"
    s3.create_bucket(Bucket=name, ObjectOwnership="ObjectWriter")
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=OPEN)
    return name


@pytest.fixture(scope="module")
def account(gust):
    return gust.cli_json("account", "create", "--name", "another")


@pytest.fixture
def other(gust, account):
    return gust.client("s3", aws_access_key_id=account["access_key_id"], aws_secret_access_key=account["secret_access_key"])


@pytest.fixture
def nobody(gust):
    return gust.client("s3", config=Config(signature_version=UNSIGNED, retries={"max_attempts": 1}))


def policy(bucket, *statements):
    filled = [{"Effect": "Allow", "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]} | s for s in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": filled})


def test_a_new_bucket_is_its_owners_alone(s3, bucket, other, nobody):
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == {k: True for k in OPEN}
    assert s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"] == [
        {"ObjectOwnership": "BucketOwnerEnforced"}]
    for who in (other, nobody):
        for call in (lambda: who.get_object(Bucket=bucket, Key="k"), lambda: who.list_objects_v2(Bucket=bucket),
                     lambda: who.put_object(Bucket=bucket, Key="x", Body=b""), lambda: who.delete_object(Bucket=bucket, Key="k"),
                     lambda: who.get_object(Bucket=bucket, Key="absent"), lambda: who.get_bucket_acl(Bucket=bucket)):
            assert code_of(call) == ("AccessDenied", 403)
    assert code_of(nobody.list_buckets) == ("AccessDenied", 403)
    assert code_of(nobody.create_bucket, Bucket=bucket + "-2") == ("AccessDenied", 403)
    assert code_of(nobody.get_object, Bucket=bucket + "-absent", Key="k") == ("NoSuchBucket", 404)


def test_a_policy_lets_another_account_in(s3, bucket, other, account):
    assert code_of(s3.get_bucket_policy, Bucket=bucket) == ("NoSuchBucketPolicy", 404)
    text = policy(bucket, {"Principal": {"AWS": account["id"]}, "Action": ["s3:GetObject", "s3:ListBucket"]})
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(text)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False
    assert other.get_object(Bucket=bucket, Key="k")["Body"].read() == b"secret"
    assert [o["Key"] for o in other.list_objects_v2(Bucket=bucket)["Contents"]] == ["k"]
    assert code_of(other.get_object, Bucket=bucket, Key="absent") == ("NoSuchKey", 404)
    assert code_of(other.put_object, Bucket=bucket, Key="x", Body=b"") == ("AccessDenied", 403)
    s3.delete_bucket_policy(Bucket=bucket)
    assert code_of(other.get_object, Bucket=bucket, Key="k") == ("AccessDenied", 403)


def test_a_denial_also_holds_for_the_owner_who_can_mend_it(s3, bucket):
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {"Effect": "Deny", "Principal": "*", "Action": "s3:*"}))
    assert code_of(s3.get_object, Bucket=bucket, Key="k") == ("AccessDenied", 403)
    assert code_of(s3.list_objects_v2, Bucket=bucket) == ("AccessDenied", 403)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"]
    s3.delete_bucket_policy(Bucket=bucket)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"secret"


def test_conditions_of_a_policy(s3, bucket):
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, {
        "Effect": "Deny", "Principal": "*", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}",
        "Condition": {"StringNotEquals": {"s3:prefix": "open/"}}}, {
        "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringEquals": {"s3:ExistingObjectTag/class": "secret"}}}, {
        "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringEquals": {"s3:x-amz-storage-class": "STANDARD_IA"}}}))
    assert code_of(s3.list_objects_v2, Bucket=bucket) == ("AccessDenied", 403)
    s3.list_objects_v2(Bucket=bucket, Prefix="open/")
    s3.get_object(Bucket=bucket, Key="k")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "class", "Value": "secret"}]})
    assert code_of(s3.get_object, Bucket=bucket, Key="k") == ("AccessDenied", 403)
    assert code_of(s3.put_object, Bucket=bucket, Key="x", Body=b"", StorageClass="STANDARD_IA") == ("AccessDenied", 403)
    s3.put_object(Bucket=bucket, Key="x", Body=b"")


@pytest.mark.parametrize("text", ["{", "[]", '{"Statement": []}', '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}'])
def test_policies_that_are_none(s3, bucket, text):
    assert code_of(s3.put_bucket_policy, Bucket=bucket, Policy=text) == ("MalformedPolicy", 400)


def test_a_policy_of_another_bucket(s3, bucket):
    wrong = policy("elsewhere", {"Principal": "*", "Action": "s3:GetObject"})
    assert code_of(s3.put_bucket_policy, Bucket=bucket, Policy=wrong) == ("MalformedPolicy", 400)


def test_public_policies_and_what_blocks_them(s3, bucket, nobody, gust):
    public = policy(bucket, {"Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"})
    assert code_of(s3.put_bucket_policy, Bucket=bucket, Policy=public) == ("AccessDenied", 403)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=OPEN)
    s3.put_bucket_policy(Bucket=bucket, Policy=public)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True
    assert nobody.get_object(Bucket=bucket, Key="k")["Body"].read() == b"secret"
    assert requests.get(f"{gust.endpoint}/{bucket}/k").content == b"secret"
    assert requests.get(f"{gust.endpoint}/{bucket}/absent").status_code == 403
    assert code_of(nobody.list_objects_v2, Bucket=bucket) == ("AccessDenied", 403)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=OPEN | {"RestrictPublicBuckets": True})
    assert code_of(nobody.get_object, Bucket=bucket, Key="k") == ("AccessDenied", 403)
    s3.delete_public_access_block(Bucket=bucket)
    assert code_of(s3.get_public_access_block, Bucket=bucket) == ("NoSuchPublicAccessBlockConfiguration", 404)
    assert nobody.get_object(Bucket=bucket, Key="k")["Body"].read() == b"secret"


# --- ACLs

def test_a_bucket_without_acls(s3, bucket):
    assert code_of(s3.put_object, Bucket=bucket, Key="x", Body=b"", ACL="public-read") == ("AccessControlListNotSupported", 400)
    assert code_of(s3.put_bucket_acl, Bucket=bucket, ACL="public-read") == ("AccessControlListNotSupported", 400)
    s3.put_object(Bucket=bucket, Key="x", Body=b"", ACL="bucket-owner-full-control")
    assert code_of(s3.put_bucket_acl, Bucket=bucket, ACL="private") == ("AccessControlListNotSupported", 400)
    assert code_of(s3.put_object_acl, Bucket=bucket, Key="x", ACL="private") == ("AccessControlListNotSupported", 400)
    acl = s3.get_object_acl(Bucket=bucket, Key="x")
    assert [(g["Permission"], g["Grantee"]["Type"]) for g in acl["Grants"]] == [("FULL_CONTROL", "CanonicalUser")]
    assert acl["Owner"]["ID"] == s3.list_buckets()["Owner"]["ID"]
    assert code_of(s3.create_bucket, Bucket=bucket + "-x", ACL="public-read") == ("InvalidBucketAclWithObjectOwnership", 400)


def test_canned_acls(s3, acls, nobody, other):
    s3.put_object(Bucket=acls, Key="open", Body=b"1", ACL="public-read")
    s3.put_object(Bucket=acls, Key="members", Body=b"2", ACL="authenticated-read")
    s3.put_object(Bucket=acls, Key="closed", Body=b"3")
    assert nobody.get_object(Bucket=acls, Key="open")["Body"].read() == b"1"
    assert code_of(nobody.get_object, Bucket=acls, Key="open", ResponseContentType="text/x") == ("InvalidRequest", 400)
    assert s3.get_object(Bucket=acls, Key="open", ResponseContentType="text/x")["ContentType"] == "text/x"
    assert code_of(nobody.get_object, Bucket=acls, Key="members") == ("AccessDenied", 403)
    assert other.get_object(Bucket=acls, Key="members")["Body"].read() == b"2"
    assert code_of(other.get_object, Bucket=acls, Key="closed") == ("AccessDenied", 403)
    grants = s3.get_object_acl(Bucket=acls, Key="open")["Grants"]
    assert {(g["Grantee"].get("URI"), g["Permission"]) for g in grants} == {(None, "FULL_CONTROL"), (EVERYONE, "READ")}
    s3.put_object_acl(Bucket=acls, Key="closed", ACL="public-read")
    assert nobody.get_object(Bucket=acls, Key="closed")["Body"].read() == b"3"
    s3.put_public_access_block(Bucket=acls, PublicAccessBlockConfiguration=OPEN | {"IgnorePublicAcls": True})
    assert code_of(nobody.get_object, Bucket=acls, Key="open") == ("AccessDenied", 403)
    s3.put_public_access_block(Bucket=acls, PublicAccessBlockConfiguration=OPEN | {"BlockPublicAcls": True})
    assert code_of(s3.put_object, Bucket=acls, Key="x", Body=b"", ACL="public-read") == ("AccessDenied", 403)
    assert code_of(s3.put_object_acl, Bucket=acls, Key="open", ACL="some-read") == ("InvalidArgument", 400)


def test_a_bucket_that_others_may_write_to(s3, acls, other, account):
    s3.put_bucket_acl(Bucket=acls, GrantWrite=f'id="{account["canonical_id"]}"', GrantRead=f'id="{account["canonical_id"]}"')
    other.put_object(Bucket=acls, Key="theirs", Body=b"mine")
    assert other.get_object(Bucket=acls, Key="theirs")["Body"].read() == b"mine"
    assert code_of(s3.get_object, Bucket=acls, Key="theirs") == ("AccessDenied", 403)  # an object is its writer's here
    owners = {o["Key"]: o["Owner"]["ID"] for o in s3.list_objects_v2(Bucket=acls, FetchOwner=True)["Contents"]}
    assert owners["theirs"] == account["canonical_id"]
    other.put_object(Bucket=acls, Key="given", Body=b"yours too", ACL="bucket-owner-full-control")
    assert s3.get_object(Bucket=acls, Key="given")["Body"].read() == b"yours too"
    assert [o["Key"] for o in other.list_objects_v2(Bucket=acls)["Contents"]] == ["given", "theirs"]
    s3.put_bucket_ownership_controls(Bucket=acls, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]})
    other.put_object(Bucket=acls, Key="handed over", Body=b"x", ACL="bucket-owner-full-control")
    other.put_object(Bucket=acls, Key="not handed over", Body=b"x")
    owners = {o["Key"]: o["Owner"]["ID"] for o in s3.list_objects_v2(Bucket=acls, FetchOwner=True)["Contents"]}
    own = s3.list_buckets()["Owner"]["ID"]
    assert (owners["handed over"], owners["given"], owners["not handed over"]) == (
        own, account["canonical_id"], account["canonical_id"])
    assert code_of(other.get_object, Bucket=acls, Key="handed over") == ("AccessDenied", 403)
    s3.delete_object(Bucket=acls, Key="theirs")


def test_one_who_may_only_write_gives_the_object_away(s3, acls, other, account):
    s3.put_bucket_acl(Bucket=acls, GrantWrite=f'id="{account["canonical_id"]}"')
    other.put_object(Bucket=acls, Key="given", Body=b"x", ACL="bucket-owner-full-control")
    assert s3.get_object(Bucket=acls, Key="given")["Body"].read() == b"x"
    assert code_of(other.list_objects_v2, Bucket=acls) == ("AccessDenied", 403)
    s3.put_bucket_policy(Bucket=acls, Policy=policy(acls, {"Effect": "Deny", "Principal": {"AWS": account["id"]},
                                                           "Action": "s3:PutObjectAcl"}))
    assert code_of(other.put_object, Bucket=acls, Key="given", Body=b"x", ACL="bucket-owner-full-control") == (
        "AccessDenied", 403)
    other.put_object(Bucket=acls, Key="plain", Body=b"x")


def test_lists_as_xml(s3, acls, account, other):
    s3.put_object(Bucket=acls, Key="k", Body=b"x")
    acl = s3.get_object_acl(Bucket=acls, Key="k")
    grants = acl["Grants"] + [{"Grantee": {"Type": "CanonicalUser", "ID": account["canonical_id"]}, "Permission": "READ"}]
    s3.put_object_acl(Bucket=acls, Key="k", AccessControlPolicy={"Owner": acl["Owner"], "Grants": grants})
    assert len(s3.get_object_acl(Bucket=acls, Key="k")["Grants"]) == 2
    assert other.get_object(Bucket=acls, Key="k")["Body"].read() == b"x"
    assert code_of(other.get_object_acl, Bucket=acls, Key="k") == ("AccessDenied", 403)
    bad = {"Owner": acl["Owner"], "Grants": [{"Grantee": {"Type": "CanonicalUser", "ID": "nobody"}, "Permission": "READ"}]}
    assert code_of(s3.put_object_acl, Bucket=acls, Key="k", AccessControlPolicy=bad) == ("InvalidArgument", 400)
    bad = {"Owner": acl["Owner"], "Grants": [{"Grantee": acl["Grants"][0]["Grantee"], "Permission": "LOOK"}]}
    assert code_of(s3.put_object_acl, Bucket=acls, Key="k", AccessControlPolicy=bad) == ("MalformedACLError", 400)
    s3.put_bucket_acl(Bucket=acls, GrantRead=f'uri="{EVERYONE}"')
    assert code_of(s3.put_bucket_ownership_controls, Bucket=acls, OwnershipControls={
        "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}) == ("InvalidBucketAclWithObjectOwnership", 400)
