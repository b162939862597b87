#include "api/endpoint.h"

#include <gtest/gtest.h>

namespace gust::api {
namespace {

struct Row {
  const char* host;
  const char* path;
  const char* scope;
  ServiceKind service;
  const char* name;
  const char* seen;
};

TEST(Endpoint, EveryRowOfTheTable) {
  using enum ServiceKind;
  const Row rows[] = {
      {"127.0.0.1:4566", "/_gust/health", "", kHealth, "", "/_gust/health"},
      {"127.0.0.1:4566", "/_gust/metrics", "", kMetrics, "", "/_gust/metrics"},
      {"127.0.0.1:4566", "/_gust/status", "gust", kAdmin, "", "/_gust/status"},
      {"127.0.0.1:4566", "/_gust", "", kConsole, "", "/_gust"},
      {"localhost:4566", "/_gust/", "", kConsole, "", "/_gust/"},
      {"gust.example.com", "/_gust/console/session", "", kConsole, "", "/_gust/console/session"},
      {"127.0.0.1:4566", "/_gust/consoles", "", kAdmin, "", "/_gust/consoles"},
      {"evil.localhost:4566", "/_gust/", "", kAdmin, "", "/_gust/"},
      {"evil.site.localhost:4566", "/_gust/console/session", "", kAdmin, "", "/_gust/console/session"},
      {"abc.execute-api.localhost:4566", "/_gust/console/session", "", kAdmin, "", "/_gust/console/session"},
      {"127.0.0.1:4566", "/_gust/api/abc", "", kHttpApi, "abc", "/"},
      {"127.0.0.1:4566", "/_gust/api/abc/x/y", "", kHttpApi, "abc", "/x/y"},
      {"abc.execute-api.localhost:4566", "/x", "", kHttpApi, "abc", "/x"},
      {"abc.execute-api.us-east-1.amazonaws.com", "/x", "", kHttpApi, "abc", "/x"},
      {"127.0.0.1:4566", "/_gust/url/abc/x", "", kFunctionUrl, "abc", "/x"},
      {"abc.lambda-url.localhost:4566", "/x", "lambda", kFunctionUrl, "abc", "/x"},
      {"abc.lambda-url.us-east-1.on.aws", "/x", "", kFunctionUrl, "abc", "/x"},
      {"my.bucket.site.localhost:4566", "/x", "", kSite, "my.bucket", "/x"},
      {"b.s3-website.localhost:4566", "/", "", kSite, "b", "/"},
      {"b.s3-website-us-east-1.amazonaws.com", "/", "", kSite, "b", "/"},
      {"127.0.0.1:4566", "/", "sqs", kNotServed, "sqs", "/"},
      {"b.s3.localhost:4566", "/k", "s3", kS3, "", "/b/k"},
      {"my.bucket.s3.us-west-2.localhost:4566", "/k", "", kS3, "", "/my.bucket/k"},
      {"b.localhost:4566", "/k", "s3", kS3, "", "/b/k"},
      {"s3.localhost:4566", "/b/k", "s3", kS3, "", "/b/k"},
      {"localhost:4566", "/b/k", "", kS3, "", "/b/k"},
      {"127.0.0.1:4566", "/b/k", "s3", kS3, "", "/b/k"},
      {"[::1]:4566", "/b/k", "", kS3, "", "/b/k"},
      {"lambda.localhost:4566", "/2015-03-31/functions", "lambda", kLambda, "", "/2015-03-31/functions"},
      {"127.0.0.1:4566", "/2015-03-31/functions/f/invocations", "", kLambda, "", "/2015-03-31/functions/f/invocations"},
      {"127.0.0.1:4566", "/v2/apis", "apigateway", kApiGateway, "", "/v2/apis"},
      {"127.0.0.1:4566", "/", "sts", kSts, "", "/"},
      {"127.0.0.1:4566", "/", "application-autoscaling", kScaling, "", "/"},
      {"127.0.0.1:4566", "/", "dynamodb", kDynamoDb, "", "/"},
      {"dynamodb.localhost:4566", "/", "", kDynamoDb, "", "/"},
      {"dynamodb.us-east-1.amazonaws.com", "/", "", kDynamoDb, "", "/"},
      {"dynamodb.localhost:4566", "/k", "s3", kS3, "", "/dynamodb/k"},
  };
  for (const auto& row : rows) {
    http::Request request;
    request.path = row.path;
    request.headers.add("Host", row.host);
    const auto found = find_destination(request, row.scope);
    EXPECT_EQ(static_cast<int>(found.service), static_cast<int>(row.service)) << row.host << row.path;
    EXPECT_EQ(found.name, row.name) << row.host << row.path;
    EXPECT_EQ(found.path, row.seen) << row.host << row.path;
  }
}

TEST(Endpoint, WhatOnlyClientsOfTablesSend) {
  const auto service = [](const char* method, const char* name, const char* value) {
    http::Request request;
    request.method = method;
    request.path = "/";
    request.headers.add("Host", "127.0.0.1:4566");
    request.headers.add(name, value);
    return find_destination(request, "").service;
  };
  EXPECT_EQ(service("POST", "Content-Type", "application/x-amz-json-1.0"), ServiceKind::kDynamoDb);
  EXPECT_EQ(service("OPTIONS", "Access-Control-Request-Headers", "authorization,x-amz-target"), ServiceKind::kDynamoDb);
  EXPECT_EQ(service("OPTIONS", "Access-Control-Request-Headers", "authorization"), ServiceKind::kS3);
  EXPECT_EQ(service("POST", "Content-Type", "application/xml"), ServiceKind::kS3);
}

TEST(Endpoint, TargetsTellServicesOfOneScopeApart) {
  const auto service = [](const char* target, const char* scope) {
    http::Request request;
    request.path = "/";
    request.headers.add("Host", "127.0.0.1:4566");
    request.headers.add("X-Amz-Target", target);
    return static_cast<int>(find_destination(request, scope).service);
  };
  for (const auto* scope : {"", "dynamodb"}) {
    EXPECT_EQ(service("DynamoDB_20120810.GetItem", scope), static_cast<int>(ServiceKind::kDynamoDb));
    EXPECT_EQ(service("DynamoDBStreams_20120810.GetRecords", scope), static_cast<int>(ServiceKind::kDynamoDbStreams));
  }
  EXPECT_EQ(service("DynamoDBStreams_20120810.GetRecords", "s3"), static_cast<int>(ServiceKind::kS3));
}

}  // namespace
}  // namespace gust::api
