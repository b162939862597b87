"""Makes api/models/<service>.json from a folder of the public models: only the operations that Gust serves, without
documentation. Run by hand when an operation is added: trim.py MODELS_FOLDER. What is served is listed here."""
import json
import sys
from pathlib import Path

OUT = Path(__file__).resolve().parents[1] / "models"

SERVED = {
    "s3": """CreateBucket HeadBucket ListBuckets DeleteBucket GetBucketLocation PutObject GetObject HeadObject
        CopyObject DeleteObject DeleteObjects ListObjects ListObjectsV2 ListObjectVersions CreateMultipartUpload
        UploadPart UploadPartCopy CompleteMultipartUpload AbortMultipartUpload ListParts ListMultipartUploads
        GetObjectAttributes PutBucketCors GetBucketCors DeleteBucketCors PutBucketNotificationConfiguration
        GetBucketNotificationConfiguration PutBucketWebsite GetBucketWebsite DeleteBucketWebsite PutBucketVersioning
        GetBucketVersioning PutObjectTagging GetObjectTagging DeleteObjectTagging PutBucketTagging GetBucketTagging
        DeleteBucketTagging PutBucketPolicy GetBucketPolicy DeleteBucketPolicy GetBucketPolicyStatus PutBucketAcl
        GetBucketAcl PutObjectAcl GetObjectAcl PutPublicAccessBlock GetPublicAccessBlock DeletePublicAccessBlock
        PutBucketOwnershipControls GetBucketOwnershipControls DeleteBucketOwnershipControls PutBucketEncryption
        GetBucketEncryption DeleteBucketEncryption PutBucketLifecycleConfiguration GetBucketLifecycleConfiguration
        DeleteBucketLifecycle PutObjectLockConfiguration GetObjectLockConfiguration PutObjectRetention
        GetObjectRetention PutObjectLegalHold GetObjectLegalHold PutBucketLogging GetBucketLogging
        PutBucketRequestPayment GetBucketRequestPayment PutBucketAccelerateConfiguration
        GetBucketAccelerateConfiguration PutBucketReplication GetBucketReplication DeleteBucketReplication
        RestoreObject ListBucketAnalyticsConfigurations GetBucketAnalyticsConfiguration
        ListBucketInventoryConfigurations GetBucketInventoryConfiguration ListBucketMetricsConfigurations
        GetBucketMetricsConfiguration ListBucketIntelligentTieringConfigurations
        GetBucketIntelligentTieringConfiguration""",
    "lambda": """CreateFunction GetFunction GetFunctionConfiguration ListFunctions UpdateFunctionCode
        UpdateFunctionConfiguration DeleteFunction Invoke AddPermission RemovePermission GetPolicy
        PutFunctionEventInvokeConfig GetFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig
        DeleteFunctionEventInvokeConfig ListFunctionEventInvokeConfigs PublishVersion ListVersionsByFunction CreateAlias
        GetAlias UpdateAlias DeleteAlias ListAliases PutFunctionConcurrency GetFunctionConcurrency
        DeleteFunctionConcurrency PutProvisionedConcurrencyConfig GetProvisionedConcurrencyConfig
        ListProvisionedConcurrencyConfigs DeleteProvisionedConcurrencyConfig GetAccountSettings TagResource UntagResource
        ListTags PublishLayerVersion GetLayerVersion GetLayerVersionByArn ListLayers ListLayerVersions DeleteLayerVersion
        CreateFunctionUrlConfig GetFunctionUrlConfig UpdateFunctionUrlConfig DeleteFunctionUrlConfig
        ListFunctionUrlConfigs PutFunctionRecursionConfig GetFunctionRecursionConfig PutRuntimeManagementConfig
        GetRuntimeManagementConfig InvokeWithResponseStream CreateEventSourceMapping GetEventSourceMapping
        ListEventSourceMappings UpdateEventSourceMapping DeleteEventSourceMapping""",
    "apigatewayv2": """CreateApi GetApi GetApis UpdateApi DeleteApi CreateRoute GetRoute GetRoutes UpdateRoute DeleteRoute
        CreateIntegration GetIntegration GetIntegrations UpdateIntegration DeleteIntegration CreateStage GetStage GetStages
        UpdateStage DeleteStage CreateDeployment GetDeployment GetDeployments DeleteCorsConfiguration""",
    "sts": "GetCallerIdentity AssumeRole",
    "xray": "PutTraceSegments GetTraceSummaries BatchGetTraces GetServiceGraph GetTraceGraph",
    "dynamodb": """CreateTable DescribeTable UpdateTable DeleteTable ListTables TagResource UntagResource
        ListTagsOfResource UpdateTimeToLive DescribeTimeToLive DescribeLimits DescribeEndpoints
        DescribeContinuousBackups UpdateContinuousBackups RestoreTableToPointInTime CreateBackup DescribeBackup
        ListBackups DeleteBackup RestoreTableFromBackup ExportTableToPointInTime DescribeExport ListExports
        ImportTable DescribeImport ListImports PutItem GetItem DeleteItem UpdateItem Query Scan BatchGetItem BatchWriteItem
        TransactGetItems TransactWriteItems ExecuteStatement BatchExecuteStatement ExecuteTransaction
        PutResourcePolicy GetResourcePolicy DeleteResourcePolicy DescribeKinesisStreamingDestination
        EnableKinesisStreamingDestination DisableKinesisStreamingDestination UpdateKinesisStreamingDestination
        DescribeContributorInsights UpdateContributorInsights ListContributorInsights ListGlobalTables
        DescribeGlobalTable CreateGlobalTable UpdateGlobalTable DescribeGlobalTableSettings
        UpdateGlobalTableSettings DescribeTableReplicaAutoScaling UpdateTableReplicaAutoScaling""",
    "logs": """CreateLogGroup DeleteLogGroup DescribeLogGroups ListLogGroups CreateLogStream DeleteLogStream
        DescribeLogStreams PutLogEvents GetLogEvents FilterLogEvents PutRetentionPolicy DeleteRetentionPolicy TagResource
        UntagResource ListTagsForResource TagLogGroup UntagLogGroup ListTagsLogGroup PutLogGroupDeletionProtection
        PutSubscriptionFilter DescribeSubscriptionFilters DeleteSubscriptionFilter StartLiveTail StartQuery
        GetQueryResults StopQuery DescribeQueries TestMetricFilter""",
    "dynamodbstreams": "ListStreams DescribeStream GetShardIterator GetRecords",
    "application-autoscaling": """RegisterScalableTarget DescribeScalableTargets DeregisterScalableTarget
        PutScheduledAction DescribeScheduledActions DeleteScheduledAction PutScalingPolicy DescribeScalingPolicies
        DeleteScalingPolicy DescribeScalingActivities TagResource UntagResource ListTagsForResource""",
}

# The root elements that S3 writes; the public model leaves them out, as clients do not look at them.
S3_ROOTS = {
    "ListBuckets": "ListAllMyBucketsResult", "ListObjects": "ListBucketResult", "ListObjectsV2": "ListBucketResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult", "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "DeleteObjects": "DeleteResult", "ListParts": "ListPartsResult", "ListMultipartUploads": "ListMultipartUploadsResult",
    "GetBucketCors": "CORSConfiguration", "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration", "GetBucketLocation": "LocationConstraint",
    "ListObjectVersions": "ListVersionsResult", "GetBucketVersioning": "VersioningConfiguration",
    "GetObjectTagging": "Tagging", "GetBucketTagging": "Tagging", "GetBucketAcl": "AccessControlPolicy",
    "GetObjectAcl": "AccessControlPolicy", "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketLogging": "BucketLoggingStatus", "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration", "GetObjectAttributes": "GetObjectAttributesResponse",
    "ListBucketAnalyticsConfigurations": "ListBucketAnalyticsConfigurationResult",
    "ListBucketInventoryConfigurations": "ListInventoryConfigurationsResult",
    "ListBucketMetricsConfigurations": "ListMetricsConfigurationsResult",
}
# Values of enums in the order in which DynamoDB tells them.
DYNAMODB_ENUMS = {
    "ReturnValue": "ALL_NEW UPDATED_OLD ALL_OLD NONE UPDATED_NEW",
    "Select": "SPECIFIC_ATTRIBUTES COUNT ALL_ATTRIBUTES ALL_PROJECTED_ATTRIBUTES",
    "ConditionalOperator": "OR AND",
    "ComparisonOperator": "IN NULL BETWEEN LT NOT_CONTAINS EQ GT NOT_NULL NE LE BEGINS_WITH GE CONTAINS",
    "ScalarAttributeType": "B N S",
    "ProjectionType": "ALL INCLUDE KEYS_ONLY",
    "ReturnConsumedCapacity": "INDEXES TOTAL NONE",
    "ReturnItemCollectionMetrics": "SIZE NONE",
    "KeyType": "HASH RANGE",
}
DROPPED = {"documentation", "documentationUrl", "contextParam", "sensitive", "idempotent", "staticContextParams",
           "endpoint", "deprecated", "deprecatedMessage", "httpChecksum", "auth", "authtype", "hostLabel", "endpointdiscovery"}


def clean(value):
    if isinstance(value, dict):
        return {k: clean(v) for k, v in value.items() if k not in DROPPED or "shape" in (v if isinstance(v, dict) else {})}
    return [clean(v) for v in value] if isinstance(value, list) else value


def references(shape):
    refs = list(shape.get("members", {}).values()) + [shape[k] for k in ("member", "key", "value") if k in shape]
    return [r["shape"] for r in refs]


def reachable(operations, shapes, more):
    wanted, todo = set(), list(more)
    for operation in operations.values():
        todo += [operation[k]["shape"] for k in ("input", "output") if k in operation]
        todo += [e["shape"] for e in operation.get("errors", [])]
    while todo:
        name = todo.pop()
        if name not in wanted:
            wanted.add(name)
            todo += references(shapes[name])
    return wanted


# Members of no service's resource that Gust has, with all the shapes below them.
LEFT_OUT = {"application-autoscaling": [("PutScalingPolicyRequest", "PredictiveScalingPolicyConfiguration"),
                                        ("ScalingPolicy", "PredictiveScalingPolicyConfiguration")]}


def trim(model, service, names):
    for shape, member in LEFT_OUT.get(service, []):
        del model["shapes"][shape]["members"][member]
    operations = {name: clean(model["operations"][name]) for name in names}
    errors = [] if service == "apigatewayv2" else [n for n, s in model["shapes"].items() if s.get("exception")]
    wanted = reachable(operations, model["shapes"], errors)
    shapes = {name: clean(model["shapes"][name]) for name in sorted(wanted)}
    metadata = {k: v for k, v in model["metadata"].items()
                if k in ("apiVersion", "protocol", "serviceId", "jsonVersion", "targetPrefix", "xmlNamespace", "awsQueryCompatible")}
    return {"metadata": metadata, "operations": operations, "shapes": shapes}


def drop_unused(shapes, operations):
    wanted = reachable(operations, shapes, [name for name, shape in shapes.items() if shape.get("exception")])
    for name in set(shapes) - wanted:
        del shapes[name]


def adjust(service, model):
    """Where the real service takes or writes something that its public model does not say."""
    shapes, operations = model["shapes"], model["operations"]
    if service == "s3":
        model["metadata"]["xmlNamespace"] = "http://s3.amazonaws.com/doc/2006-03-01/"
        for name, root in S3_ROOTS.items():
            operations[name]["output"]["locationName"] = root
        operations["GetBucketLocation"]["unwrappedOutput"] = True
        operations["DeleteObject"]["http"]["responseCode"] = 204
        operations["AbortMultipartUpload"]["http"]["responseCode"] = 204
        operations["PutBucketPolicy"]["http"]["responseCode"] = 204
        for name in operations:
            if name.startswith("DeleteBucket") or name in ("DeletePublicAccessBlock", "DeleteObjectTagging"):
                operations[name]["http"]["responseCode"] = 204
        for shape in shapes.values():
            shape.pop("enum", None)  # S3 checks these by itself, each with an error of its own
        shapes["CopySource"].pop("pattern", None)
    if service == "dynamodb":
        model["metadata"] |= {"errorNamespace": "com.amazonaws.dynamodb.v20120810#", "bodyCrc32": True}
        # The service reads values from the JSON itself, and writes items by itself.
        shapes["AttributeValue"] = {"type": "structure", "members": {}, "opaque": True}
        shapes["ItemDocument"] = {"type": "structure", "members": {}, "document": True}
        for error in ("ConditionalCheckFailedException", "CancellationReason"):
            shapes[error]["members"]["Item"]["shape"] = "ItemDocument"
        shapes["CreateTableInput"]["required"] = ["AttributeDefinitions", "TableName", "KeySchema"]
        shapes["KeySchema"]["max"] = 2
        shapes["TableArn"] = shapes["TableName"].copy()  # constraints of a name, which hold unless it is an ARN
        for shape, values in DYNAMODB_ENUMS.items():
            assert sorted(shapes[shape]["enum"]) == sorted(values.split()), shape
            shapes[shape]["enum"] = values.split()
        drop_unused(shapes, operations)
    if service == "dynamodbstreams":
        model["metadata"] |= {"errorNamespace": "com.amazonaws.dynamodb.v20120810#", "bodyCrc32": True}
        shapes["Record"] = {"type": "structure", "members": {}, "document": True}  # written by itself
        for operation, most in {"ListStreams": 100, "DescribeStream": 100, "GetRecords": 1000}.items():
            shapes[f"{operation}Limit"] = shapes["PositiveIntegerObject"] | {"max": most}
            shapes[f"{operation}Input"]["members"]["Limit"]["shape"] = f"{operation}Limit"
        drop_unused(shapes, operations)
    if service == "logs":
        shapes["StartLiveTailResponse"]["payload"] = "responseStream"  # the body is the stream
    if service == "lambda":
        shapes["Runtime"].pop("enum")  # every python and nodejs name is taken; the service checks
        shapes["Timestamp"] = shapes.get("Timestamp", {"type": "string"})


def main(folder):
    for service, names in SERVED.items():
        model = trim(json.loads((folder / f"{service}.json").read_text()), service, names.split())
        adjust(service, model)
        (OUT / f"{service}.json").write_text(json.dumps(model, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
