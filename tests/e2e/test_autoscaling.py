"""Provisioned concurrency by Application Auto Scaling: schedules, and a target of use."""
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError

from conftest import wait_until
from test_lambda import ROLE, zip_of

LAMBDA = {"ServiceNamespace": "lambda", "ScalableDimension": "lambda:function:ProvisionedConcurrency"}
CODE = """
import threading
def handler(e, c):
    threading.Event().wait(e.get("hold", 0))
"""
METRIC = {"PredefinedMetricSpecification": {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"}}


def make(gust, name):
    functions = gust.client("lambda")
    functions.create_function(FunctionName=name, Runtime="python3.12", Handler="index.handler", Role=ROLE, Timeout=30,
                              Code={"ZipFile": zip_of({"index.py": CODE})}, Publish=True)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    return {**LAMBDA, "ResourceId": f"function:{name}:live"}


@pytest.fixture
def scaling(gust):
    return gust.client("application-autoscaling")


@pytest.fixture
def target(gust, unique):
    yield make(gust, unique)
    gust.client("lambda").delete_function(FunctionName=unique)


def requested(gust, target):
    _, name, qualifier = target["ResourceId"].split(":")
    try:
        return gust.client("lambda").get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)[
            "RequestedProvisionedConcurrentExecutions"]
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ProvisionedConcurrencyConfigNotFoundException"
        return 0


def activities(scaling, target):
    return scaling.describe_scaling_activities(**target)["ScalingActivities"]


def described(scaling, target):
    return scaling.describe_scalable_targets(ServiceNamespace="lambda", ResourceIds=[target["ResourceId"]])["ScalableTargets"]


def in_seconds(n, zone="UTC"):
    due = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(seconds=n)
    return due, due.astimezone(ZoneInfo(zone)).strftime("at(%Y-%m-%dT%H:%M:%S)")


def test_a_target_brings_the_number_into_its_bounds(gust, scaling, target):
    arn = scaling.register_scalable_target(**target, MinCapacity=2, MaxCapacity=5)["ScalableTargetARN"]
    assert requested(gust, target) == 2
    [found] = described(scaling, target)
    assert found["ScalableTargetARN"] == arn and (found["MinCapacity"], found["MaxCapacity"]) == (2, 5)
    assert found["RoleARN"].endswith("AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency")
    assert found["SuspendedState"] == dict.fromkeys(
        ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"], False)
    again = scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=1, SuspendedState={"ScheduledScalingSuspended": True})
    assert again["ScalableTargetARN"] == arn and requested(gust, target) == 1
    scaling.register_scalable_target(**target, MaxCapacity=0)
    assert requested(gust, target) == 0
    [found] = described(scaling, target)
    assert found["SuspendedState"]["ScheduledScalingSuspended"] and found["MaxCapacity"] == 0
    last, *_, first = activities(scaling, target)
    assert first["Cause"] == "minimum capacity was set to 2" and first["StatusCode"] == "Successful"
    assert last["Description"] == "Setting desired concurrency to 0." and last["EndTime"] >= last["StartTime"]
    scaling.deregister_scalable_target(**target)
    assert described(scaling, target) == []


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_an_action_takes_effect_at_its_time(gust, scaling, target, zone):
    scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=1)
    due, at = in_seconds(3, zone)
    scaling.put_scheduled_action(**target, ScheduledActionName="up", Schedule=at, Timezone=zone,
                                 ScalableTargetAction={"MinCapacity": 2, "MaxCapacity": 4})
    [action] = scaling.describe_scheduled_actions(**target)["ScheduledActions"]
    assert (action["Schedule"], action["Timezone"]) == (at, zone) and "scheduledActionName/up" in action["ScheduledActionARN"]
    assert requested(gust, target) == 0
    wait_until(lambda: requested(gust, target) == 2, "the action")
    assert datetime.now(timezone.utc) >= due
    done = wait_until(lambda: (a := activities(scaling, target)[0])["StatusCode"] == "Successful" and a, "the record")
    assert done["Cause"] == "minimum capacity was set to 2 by scheduled action up" and done["StartTime"] >= due
    [found] = described(scaling, target)
    assert (found["MinCapacity"], found["MaxCapacity"]) == (2, 4)
    scaling.delete_scheduled_action(**target, ScheduledActionName="up")
    assert scaling.describe_scheduled_actions(**target)["ScheduledActions"] == []


def test_actions_are_changed_and_listed_in_pages(scaling, target):
    scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=1)
    start = datetime(2030, 1, 1, tzinfo=timezone.utc)
    for n in range(5):
        scaling.put_scheduled_action(**target, ScheduledActionName=f"action {n}", Schedule="cron(0 8 ? * MON-FRI *)", StartTime=start,
                                     Timezone="Europe/Berlin", ScalableTargetAction={"MinCapacity": n})
    scaling.put_scheduled_action(**target, ScheduledActionName="action 3", Schedule="rate(2 hours)")
    pages = list(scaling.get_paginator("describe_scheduled_actions").paginate(**target, PaginationConfig={"PageSize": 2}))
    found = [a for p in pages for a in p["ScheduledActions"]]
    assert [len(p["ScheduledActions"]) for p in pages] == [2, 2, 1]
    assert [a["ScheduledActionName"] for a in found] == [f"action {n}" for n in range(5)]
    assert found[3]["Schedule"] == "rate(2 hours)" and found[3]["ScalableTargetAction"] == {"MinCapacity": 3}
    assert "StartTime" not in found[3] and found[2]["StartTime"] == start
    named = scaling.describe_scheduled_actions(ServiceNamespace="lambda", ScheduledActionNames=["action 1"], ResourceId=target["ResourceId"])
    assert [a["ScheduledActionName"] for a in named["ScheduledActions"]] == ["action 1"]


def test_a_policy_is_described(scaling, target):
    scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=9)
    tracking = METRIC | {"TargetValue": 0.7, "ScaleOutCooldown": 60, "ScaleInCooldown": 0, "DisableScaleIn": False}
    made = scaling.put_scaling_policy(**target, PolicyName="track", PolicyType="TargetTrackingScaling",
                                      TargetTrackingScalingPolicyConfiguration=tracking)
    assert f"resource/lambda/{target['ResourceId']}:policyName/track" in made["PolicyARN"]
    assert ["AlarmHigh" in a["AlarmName"] for a in made["Alarms"]] == [True, False]
    [policy] = scaling.describe_scaling_policies(**target)["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"] == tracking and policy["PolicyARN"] == made["PolicyARN"]
    changed = scaling.put_scaling_policy(**target, PolicyName="track", TargetTrackingScalingPolicyConfiguration=METRIC | {
        "TargetValue": 0.5, "DisableScaleIn": True})
    assert changed["PolicyARN"] == made["PolicyARN"] and len(changed["Alarms"]) == 1
    scaling.delete_scaling_policy(**target, PolicyName="track")
    assert scaling.describe_scaling_policies(**target)["ScalingPolicies"] == []


def test_tags(scaling, target):
    arn = scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=1, Tags={"team": "red"})["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"team": "blue", "stage": "test"})
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"team": "blue", "stage": "test"}
    scaling.untag_resource(ResourceARN=arn, TagKeys=["team", "no-such"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"stage": "test"}
    with pytest.raises(scaling.exceptions.TooManyTagsException):
        scaling.tag_resource(ResourceARN=arn, Tags={str(n): "" for n in range(50)})
    with pytest.raises(scaling.exceptions.ResourceNotFoundException):
        scaling.list_tags_for_resource(ResourceARN=arn[:-1] + "-")
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"stage": "test"}


def register(**more):
    return lambda s, t: s.register_scalable_target(**(t | {"MinCapacity": 1, "MaxCapacity": 2} | more))


def put_action(**more):
    values = {"ScheduledActionName": "a", "Schedule": "rate(1 day)", "ScalableTargetAction": {"MinCapacity": 1}}
    return lambda s, t: s.put_scheduled_action(**(t | values | more))


def put_policy(configuration=None, **more):
    values = {"PolicyName": "p", "PolicyType": "TargetTrackingScaling",
              "TargetTrackingScalingPolicyConfiguration": METRIC | {"TargetValue": 0.7} | (configuration or {})}
    return lambda s, t: s.put_scaling_policy(**(t | values | more))


STEPS = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": [{"ScalingAdjustment": 1, "MetricIntervalLowerBound": 0}]}


@pytest.mark.parametrize("call, code, message", [
    (register(ServiceNamespace="ecs", ScalableDimension="ecs:service:DesiredCount"), "ValidationException", "Gust scales lambda"),
    (register(ServiceNamespace="nothing"), "ValidationException", "enum"),
    (register(ResourceId="function:f"), "ValidationException", "function:NAME:QUALIFIER"),
    (register(ResourceId="function:f:$LATEST"), "ValidationException", "$LATEST"),
    (register(ResourceId="function:no-such:1"), "ValidationException", "no-such"),
    (register(MinCapacity=3), "ValidationException", "cannot be less than minimum"),
    (register(MinCapacity=-1), "ValidationException", "MinCapacity"),
    (put_action(Schedule="cron(0 8 * * * *)"), "ValidationException", "'?'"),
    (put_action(Schedule="at(2020-01-01T00:00:00)"), "ValidationException", "never due"),
    (put_action(Timezone="Mars/Olympus"), "ValidationException", "IANA"),
    (put_action(ScalableTargetAction={}), "ValidationException", "At least one"),
    (put_action(ScalableTargetAction={"MinCapacity": 2, "MaxCapacity": 1}), "ValidationException", "less than"),
    (put_action(ScheduledActionName="a/b"), "ValidationException", "ScheduledActionName"),
    (put_action(ResourceId="function:other:1"), "ObjectNotFoundException", "No scalable target registered"),
    (put_policy(PolicyType="StepScaling", StepScalingPolicyConfiguration=STEPS), "ValidationException", "StepScaling"),
    (put_policy({"TargetValue": 0.95}), "ValidationException", "0.1 to 0.9"),
    (put_policy({"PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}), "ValidationException", "ECS"),
    (put_policy({"CustomizedMetricSpecification": {"MetricName": "m"}}), "ValidationException", "Customized"),
    (put_policy({"ScaleInCooldown": -1}), "ValidationException", "ScaleInCooldown"),
    (put_policy(ResourceId="function:other:1"), "ObjectNotFoundException", "No scalable target registered"),
    (lambda s, t: s.delete_scaling_policy(**t, PolicyName="no"), "ObjectNotFoundException", "policy"),
    (lambda s, t: s.delete_scheduled_action(**t, ScheduledActionName="no"), "ObjectNotFoundException", "scheduled action"),
    (lambda s, t: s.deregister_scalable_target(**t | {"ResourceId": "function:x:1"}), "ObjectNotFoundException", "No scalable target"),
    (lambda s, t: s.describe_scalable_targets(ServiceNamespace="ecs"), "ValidationException", "Gust scales lambda"),
    (lambda s, t: s.describe_scalable_targets(**LAMBDA), "ValidationException", "resource ID"),
    (lambda s, t: s.describe_scaling_policies(ServiceNamespace="lambda", MaxResults=11), "ValidationException", "1 to 10"),
    (lambda s, t: s.describe_scheduled_actions(ServiceNamespace="lambda", NextToken="zz"), "InvalidNextTokenException", "token")])
def test_what_is_refused_changes_nothing(scaling, target, call, code, message):
    scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=0)
    with pytest.raises(ClientError) as error:
        call(scaling, target)
    assert error.value.response["Error"]["Code"] == code and message in error.value.response["Error"]["Message"]
    [found] = described(scaling, target)
    assert (found["MinCapacity"], found["MaxCapacity"]) == (0, 0)
    assert scaling.describe_scheduled_actions(**target)["ScheduledActions"] == []
    assert scaling.describe_scaling_policies(**target)["ScalingPolicies"] == []
    assert activities(scaling, target) == []


def test_a_failed_change_is_told_and_a_target_outlives_its_function(gust, scaling, unique):
    target = make(gust, unique)
    scaling.register_scalable_target(**target, MinCapacity=5000, MaxCapacity=5000)
    failed = activities(scaling, target)[0]
    assert failed["StatusCode"] == "Failed" and "minimum value of [100]" in failed["StatusMessage"]
    scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=1)
    _, at = in_seconds(2)
    scaling.put_scheduled_action(**target, ScheduledActionName="up", Schedule=at, ScalableTargetAction={"MinCapacity": 1})
    gust.client("lambda").delete_function(FunctionName=unique)
    failed = wait_until(lambda: (a := activities(scaling, target)[0])["Cause"].endswith("up") and a, "the action")
    assert failed["StatusCode"] == "Failed" and "not found" in failed["StatusMessage"].lower()
    assert len(described(scaling, target)) == 1
    scaling.deregister_scalable_target(**target)


def test_it_survives_kill_9(new_gust, unique):
    gust = new_gust().start()
    target = make(gust, unique)
    scaling = gust.client("application-autoscaling")
    arn = scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=3, Tags={"a": "b"})["ScalableTargetARN"]
    scaling.put_scaling_policy(**target, PolicyName="track", PolicyType="TargetTrackingScaling",
                               TargetTrackingScalingPolicyConfiguration=METRIC | {"TargetValue": 0.5})
    due, at = in_seconds(2)
    scaling.put_scheduled_action(**target, ScheduledActionName="up", Schedule=at, ScalableTargetAction={"MinCapacity": 2})
    gust.kill9()
    wait_until(lambda: datetime.now(timezone.utc) > due, "the time that is missed")
    gust.start()
    scaling = gust.client("application-autoscaling")
    wait_until(lambda: requested(gust, target) == 2, "the action that was due while nothing ran")
    assert described(scaling, target)[0]["ScalableTargetARN"] == arn
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"a": "b"}
    assert [p["PolicyName"] for p in scaling.describe_scaling_policies(**target)["ScalingPolicies"]] == ["track"]
    assert [a["Description"][-3:] for a in activities(scaling, target)] == [" 2.", " 1."]


def test_use_is_tracked_out_and_in(new_gust, unique, monkeypatch):
    monkeypatch.setenv("GUST_SCALING_PERIOD_MS", "400")  # what is a minute otherwise
    gust = new_gust().start()
    target = make(gust, unique)
    scaling, functions = gust.client("application-autoscaling"), gust.client("lambda")
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=3)
    scaling.put_scaling_policy(**target, PolicyName="track", PolicyType="TargetTrackingScaling",
                               TargetTrackingScalingPolicyConfiguration=METRIC | {"TargetValue": 0.6})
    enough = threading.Event()

    def call():
        while not enough.is_set():
            functions.invoke(FunctionName=unique, Qualifier="live", Payload=json.dumps({"hold": 0.5}))

    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(call) for _ in range(3)]
        try:
            wait_until(lambda: requested(gust, target) == 3, "scaling out")
        finally:
            enough.set()
        [c.result() for c in calls]
    assert any("AlarmHigh" in a["Cause"] and a["StatusCode"] == "Successful" for a in activities(scaling, target))
    wait_until(lambda: requested(gust, target) == 1, "scaling in")
    newest = wait_until(lambda: (a := activities(scaling, target)[0])["StatusCode"] == "Successful" and a, "the record")
    assert "AlarmLow" in newest["Cause"] and newest["Description"] == "Setting desired concurrency to 1."


TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: "def handler(e, c): return c.function_version"
      Handler: index.handler
      Runtime: python3.12
      AutoPublishAlias: live
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    DependsOn: HelloAliaslive
    Properties:
      MinCapacity: 1
      MaxCapacity: 4
      ResourceId: !Sub function:${Hello}:live
      ScalableDimension: lambda:function:ProvisionedConcurrency
      ServiceNamespace: lambda
      ScheduledActions:
        - ScheduledActionName: morning
          Schedule: cron(0 8 ? * MON-FRI *)
          Timezone: Europe/Berlin
          StartTime: '2030-01-01T00:00:00Z'
          ScalableTargetAction: {MinCapacity: 2, MaxCapacity: 4}
        - {ScheduledActionName: evening, Schedule: 'cron(0 18 * * ? *)', ScalableTargetAction: {MaxCapacity: 1}}
  Busy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties:
      PolicyName: busy
      PolicyType: TargetTrackingScaling
      ScalingTargetId: !Ref Target
      TargetTrackingScalingPolicyConfiguration:
        TargetValue: 0.7
        ScaleInCooldown: 120
        PredefinedMetricSpecification: {PredefinedMetricType: LambdaProvisionedConcurrencyUtilization}
Outputs:
  Name: {Value: !Ref Hello}
"""


def test_a_template_scales_its_alias(gust, scaling, tmp_path, unique):
    file = tmp_path / "template.yaml"

    def deploy(text, *more):
        file.write_text(text)
        return gust.cli_json("deploy", tmp_path, "--stack", unique, "--yes", *more)

    made = deploy(TEMPLATE)
    target = {**LAMBDA, "ResourceId": f"function:{made['outputs']['Name']}:live"}
    assert requested(gust, target) == 1
    actions = scaling.describe_scheduled_actions(**target)["ScheduledActions"]
    assert [(a["ScheduledActionName"], a["ScalableTargetAction"]) for a in actions] == [
        ("evening", {"MaxCapacity": 1}), ("morning", {"MinCapacity": 2, "MaxCapacity": 4})]
    assert actions[1]["StartTime"] == datetime(2030, 1, 1, tzinfo=timezone.utc) and actions[1]["Timezone"] == "Europe/Berlin"
    [policy] = scaling.describe_scaling_policies(**target)["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["ScaleInCooldown"] == 120

    without_evening = "\n".join(line for line in TEMPLATE.splitlines() if "evening" not in line)
    deploy(without_evening.replace("TargetValue: 0.7", "TargetValue: 0.5").replace("MinCapacity: 1", "MinCapacity: 2"))
    assert requested(gust, target) == 2
    [policy] = scaling.describe_scaling_policies(**target)["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 0.5
    # What the service refuses takes the whole deploy back.
    file.write_text(TEMPLATE.replace("TargetValue: 0.7", "TargetValue: 7").replace("MaxCapacity: 4", "MaxCapacity: 9"))
    refused = gust.cli("deploy", tmp_path, "--stack", unique, "--yes", check=False)
    assert refused.returncode == 1 and "0.1 to 0.9" in refused.stderr and "Taken back" in refused.stderr
    assert described(scaling, target)[0]["MaxCapacity"] == 4
    assert len(scaling.describe_scheduled_actions(**target)["ScheduledActions"]) == 1

    deploy(TEMPLATE[:TEMPLATE.index("  Target:")] + TEMPLATE[TEMPLATE.index("Outputs:"):])
    assert described(scaling, target) == []
