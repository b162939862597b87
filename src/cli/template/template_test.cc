#include "cli/template/evaluate.h"
#include "cli/template/resolver.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;

class TemplateTest : public testing::Test {
 protected:
  TemplateTest() : folder_(fs::temp_directory_path() / fmt::format("gust-template-{}", ::getpid())) {
    fs::create_directories(folder_ / "src");
    std::ofstream(folder_ / "src/app.py") << "def handler(e, c): pass\n";
    around_.stack = "demo";
  }
  ~TemplateTest() override { fs::remove_all(folder_); }

  Result<Desired> read(const std::string& text) {
    GUST_TRY(const auto root, parse_template(text, file()));
    return evaluate(root, file(), around_);
  }
  std::string file() const { return (folder_ / "t.yaml").string(); }
  // The error without the folder: "t.yaml:3: ..."; "accepted" when there is none.
  std::string refusal(const std::string& text) {
    const auto out = read(text);
    if (out) return "accepted";
    auto message = out.error().message;
    for (std::size_t at; (at = message.find(folder_.string() + "/")) != std::string::npos;)
      message.erase(at, folder_.string().size() + 1);
    return message;
  }

  fs::path folder_;
  Surroundings around_;
};

const std::string kFunction = R"(
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: app.handler
      Runtime: python3.12
)";

TEST_F(TemplateTest, SmallestFunction) {
  const auto out = read(kFunction).value();
  ASSERT_EQ(out.functions.size(), 1u);
  const auto& f = out.functions[0];
  EXPECT_EQ(f.name, generated_function_name(around_, "F"));
  EXPECT_EQ(f.configuration["Role"].text, "arn:aws:iam::000000000000:role/demo-FRole");
  EXPECT_EQ(f.code.from, CodeSource::From::kFolder);
  EXPECT_EQ(read(kFunction)->functions[0].name, f.name);
}

TEST_F(TemplateTest, CapacityProvidersAreSpelledAsSamAndAsCloudFormationDo) {
  const std::string arn = "arn:aws:lambda:us-east-1:000000000000:capacity-provider:p";
  const auto sam =
      read(kFunction + "      CapacityProviderConfig: {Arn: '" + arn + "', PerExecutionEnvironmentMaxConcurrency: 8}\n")
          .value();
  const auto plain = read(R"(
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties:
      Code: src
      Handler: app.handler
      Runtime: python3.12
      CapacityProviderConfig:
        LambdaManagedInstancesCapacityProviderConfig:
          CapacityProviderArn: )" + arn + R"(
          PerExecutionEnvironmentMaxConcurrency: 8
)")
                         .value();
  for (const auto* out : {&sam, &plain}) {
    const auto& given = out->functions[0].configuration["CapacityProviderConfig"];
    const auto& inner = given["LambdaManagedInstancesCapacityProviderConfig"];
    EXPECT_EQ(inner["CapacityProviderArn"].text, arn);
    EXPECT_EQ(inner["PerExecutionEnvironmentMaxConcurrency"].text, "8");
  }
  const auto without =
      refusal(kFunction + "      CapacityProviderConfig: {PerExecutionEnvironmentMaxConcurrency: 8}\n");
  EXPECT_EQ(without, "t.yaml:9: CapacityProviderConfig of F needs Arn");
  const auto unserved =
      refusal(kFunction + "      CapacityProviderConfig: {Arn: x, ExecutionEnvironmentMemoryGiBPerVCpu: 4}\n");
  EXPECT_NE(unserved.find("ExecutionEnvironmentMemoryGiBPerVCpu of F is not served"), std::string::npos) << unserved;
}

TEST_F(TemplateTest, FunctionsSayHowTheyLog) {
  const auto out = read(R"(
Globals:
  Function: {LoggingConfig: {LogFormat: JSON, SystemLogLevel: WARN}}
Resources:
  Named: {Type: "AWS::Logs::LogGroup", Properties: {LogGroupName: !Sub "/${AWS::StackName}/all"}}
  Unnamed: {Type: "AWS::Logs::LogGroup"}
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: app.handler
      Runtime: python3.12
      LoggingConfig: {ApplicationLogLevel: ERROR, LogGroup: !Ref Named}
Outputs:
  Ref: {Value: !Ref Unnamed}
  Arn: {Value: !GetAtt Named.Arn}
)")
                       .value();
  EXPECT_EQ(to_canonical_json(out.functions[0].configuration["LoggingConfig"]),
            R"({"ApplicationLogLevel":"ERROR","LogFormat":"JSON","LogGroup":"/demo/all","SystemLogLevel":"WARN"})");
  const auto unserved = refusal(kFunction + "      LoggingConfig: {LogLevel: WARN}\n");
  EXPECT_NE(unserved.find("LogLevel of F is not served"), std::string::npos) << unserved;
}

TEST_F(TemplateTest, Intrinsics) {
  const auto out = read(R"(
Parameters:
  Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}
  Names: {Type: CommaDelimitedList, Default: "a, b,c"}
Mappings:
  Sizes: {dev: {mb: 128}, prod: {mb: 1024}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  NotProd: !Not [!Condition IsProd]
  Both: !And [!Condition NotProd, !Or [!Condition IsProd, !Condition NotProd]]
Resources:
  B: {Type: "AWS::S3::Bucket", Condition: Both}
  None: {Type: "AWS::S3::Bucket", Condition: IsProd}
Outputs:
  Sub: {Value: !Sub "${AWS::StackName}-${Stage}-${B}-${!Literal}"}
  Sub2: {Value: !Sub ["${X}/${Stage}", {X: !Ref AWS::Region}]}
  Join: {Value: !Join ["-", [x, !Ref Stage, !Select [1, !Ref Names]]]}
  Map: {Value: !FindInMap [Sizes, !Ref Stage, mb]}
  If: {Value: !If [IsProd, yes, "no"]}
  Split: {Value: !Select [2, !Split ["/", a/b/c]]}
  Arn: {Value: !GetAtt B.Arn}
  Long: {Value: {"Fn::GetAtt": [B, Arn]}}
  Site: {Value: !GetAtt B.WebsiteURL}
  Hidden: {Value: x, Condition: IsProd}
)")
                       .value();
  const std::map<std::string, std::string> outputs(out.outputs.begin(), out.outputs.end());
  const auto bucket = generated_bucket_name(around_, "B");
  EXPECT_EQ(outputs.at("Sub"), "demo-dev-" + bucket + "-${Literal}");
  EXPECT_EQ(outputs.at("Sub2"), "us-east-1/dev");
  EXPECT_EQ(outputs.at("Join"), "x-dev-b");
  EXPECT_EQ(outputs.at("Map"), "128");
  EXPECT_EQ(outputs.at("If"), "no");
  EXPECT_EQ(outputs.at("Split"), "c");
  EXPECT_EQ(outputs.at("Arn"), "arn:aws:s3:::" + bucket);
  EXPECT_EQ(outputs.at("Long"), outputs.at("Arn"));
  EXPECT_EQ(outputs.at("Site"), "http://" + bucket + ".site.localhost:4566");
  EXPECT_FALSE(outputs.contains("Hidden"));
  EXPECT_EQ(out.buckets.size(), 1u);
}

TEST_F(TemplateTest, NoValueLeavesOut) {
  const auto out = read(kFunction +
                        "      Description: !If [Never, x, !Ref AWS::NoValue]\n"
                        "Conditions: {Never: !Equals [a, b]}\n")
                       .value();
  EXPECT_TRUE(out.functions[0].configuration["Description"].absent());
}

TEST_F(TemplateTest, EventSources) {
  const std::string text = R"(
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: app.handler
      Runtime: python3.12
      AutoPublishAlias: live
      Events:
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !Sub arn:aws:dynamodb:${AWS::Region}:${AWS::AccountId}:table/t/stream/1
            StartingPosition: LATEST
            BatchSize: 5
            DestinationConfig: {OnFailure: {Type: S3, Destination: "arn:aws:s3:::b"}}
  M:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref F.Alias, EventSourceArn: other, StartingPosition: TRIM_HORIZON, Enabled: false}
)";
  const auto out = read(text).value();
  ASSERT_EQ(out.functions.at(0).event_sources.size(), 2u);
  const auto& sources = out.functions[0].event_sources;
  EXPECT_EQ(sources[0].source_arn, "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/1");
  EXPECT_EQ(sources[0].settings["BatchSize"].text, "5");
  EXPECT_TRUE(sources[0].settings["Stream"].absent());
  EXPECT_TRUE(sources[0].settings["DestinationConfig"]["OnFailure"]["Type"].absent());
  EXPECT_EQ(sources[1].source_arn, "other");
  EXPECT_EQ(sources[1].settings["Enabled"].text, "false");

  const auto with = [&](const std::string& from, const std::string& to) {
    auto changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return refusal(changed);
  };
  EXPECT_TRUE(with("StartingPosition: LATEST", "MaximumRetryAttempts: 1").contains("needs a StartingPosition"));
  EXPECT_TRUE(with("!Ref F.Alias", "g").contains("which is not of this template"));
  EXPECT_TRUE(with("BatchSize: 5", "Topic: x").contains("Topic of F is not served"));
  EXPECT_TRUE(with("EventSourceArn: other", "EventSourceArn: !Sub \"arn:aws:dynamodb:${AWS::Region}:"
                                            "${AWS::AccountId}:table/t/stream/1\"")
                  .contains("another of its function has"));
}

TEST_F(TemplateTest, EventsMakeRoutesNotificationsAndPermissions) {
  const std::string text = R"(
Globals:
  Function: {Runtime: nodejs20.x, Timeout: 7, Environment: {Variables: {A: "1", B: "2"}}}
  HttpApi: {CorsConfiguration: {AllowOrigins: ["*"], MaxAge: 60}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: index.handler
      Environment: {Variables: {B: "3", BUCKET: !Ref In}}
      EventInvokeConfig: {MaximumRetryAttempts: 0}
      Events:
        Get: {Type: HttpApi, Properties: {Path: "/x/{id}", Method: get, PayloadFormatVersion: "1.0"}}
        Rest: {Type: HttpApi}
        New: {Type: S3, Properties: {Bucket: !Ref In, Events: ["s3:ObjectCreated:*"],
              Filter: {S3Key: {Rules: [{Name: suffix, Value: .jpg}]}}}}
  In: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "${AWS::StackName}-in"}}
Outputs:
  Url: {Value: !Sub "https://${ServerlessHttpApi}.execute-api.${AWS::Region}.amazonaws.com/x"}
)";
  around_.api_ids["ServerlessHttpApi"] = "abcde12345";
  const auto out = read(text).value();
  ASSERT_EQ(out.apis.size(), 1u);
  ASSERT_EQ(out.apis[0].routes.size(), 2u);
  EXPECT_EQ(out.apis[0].routes[0].key, "GET /x/{id}");
  EXPECT_EQ(out.apis[0].routes[0].payload_version, "1.0");
  EXPECT_EQ(out.apis[0].routes[1].key, "$default");
  EXPECT_EQ(to_canonical_json(out.apis[0].cors), R"({"allowOrigins":["*"],"maxAge":"60"})");
  const auto& f = out.functions[0];
  EXPECT_EQ(to_canonical_json(f.configuration["Environment"]), R"({"Variables":{"A":"1","B":"3","BUCKET":"demo-in"}})");
  EXPECT_EQ(f.configuration["Timeout"].text, "7");
  ASSERT_EQ(f.permissions.size(), 3u);
  EXPECT_EQ(f.permissions[0].source_arn, "arn:aws:execute-api:us-east-1:000000000000:abcde12345/*");
  EXPECT_EQ(f.permissions[2].principal, "s3.amazonaws.com");
  EXPECT_EQ(f.permissions[2].source_arn, "arn:aws:s3:::demo-in");
  ASSERT_EQ(out.buckets[0].notifications.size(), 1u);
  EXPECT_EQ(out.buckets[0].notifications[0].rules[0].second, ".jpg");
  EXPECT_EQ(out.outputs[0].second, "http://127.0.0.1:4566/_gust/api/abcde12345/x");
  ASSERT_EQ(out.notes.size(), 1u);
  EXPECT_TRUE(out.notes[0].contains("circle")) << out.notes[0];
}

TEST_F(TemplateTest, PlainHttpApis) {
  const std::string text = R"(
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: plain, ProtocolType: HTTP, CorsConfiguration: {AllowOrigins: ["*"]}}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: dev, AutoDeploy: true, StageVariables: {a: b}}
  Call:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !Sub arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations
      PayloadFormatVersion: "2.0"
  Get:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Api, RouteKey: GET /x, Target: !Join [/, [integrations, !Ref Call]]}
  Allow:
    Type: AWS::Lambda::Permission
    Properties: {FunctionName: !Ref F, Action: "lambda:InvokeFunction", Principal: apigateway.amazonaws.com,
                 SourceArn: !Sub "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"}
  Once:
    Type: AWS::Lambda::EventInvokeConfig
    Properties: {FunctionName: !Ref F, Qualifier: $LATEST, MaximumRetryAttempts: 0}
  F:
    Type: AWS::Lambda::Function
    Properties: {Code: src, Handler: app.handler, Runtime: python3.12, FunctionName: f, Layers: [],
                 Environment: {Variables: {URL: !Sub "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/dev"}}}
Outputs:
  Url: {Value: !Sub "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/${Stage}/x"}
)";
  around_.api_ids["Api"] = "abcde12345";
  const auto read_out = read(text);
  ASSERT_TRUE(read_out) << read_out.error().message;
  const auto& out = *read_out;
  ASSERT_EQ(out.apis.size(), 1u);
  EXPECT_EQ(out.apis[0].stage, "dev");
  EXPECT_EQ(to_canonical_json(out.apis[0].stage_variables), R"({"a":"b"})");
  ASSERT_EQ(out.apis[0].routes.size(), 1u);
  EXPECT_EQ(out.apis[0].routes[0].key, "GET /x");
  EXPECT_EQ(out.apis[0].routes[0].function_arn, "arn:aws:lambda:us-east-1:000000000000:function:f");
  EXPECT_EQ(out.functions[0].permissions.at(0).source_arn, "arn:aws:execute-api:us-east-1:000000000000:abcde12345/*");
  EXPECT_EQ(out.functions[0].event_invoke["MaximumRetryAttempts"].text, "0");
  EXPECT_EQ(out.functions[0].configuration["Environment"]["Variables"]["URL"].text,
            "http://127.0.0.1:4566/_gust/api/abcde12345/dev");
  EXPECT_EQ(out.outputs[0].second, "http://127.0.0.1:4566/_gust/api/abcde12345/dev/x");

  auto closed = text;
  closed.replace(closed.find("RouteKey: GET /x"), 16, "RouteKey: GET /x, AuthorizationType: JWT");
  EXPECT_TRUE(refusal(closed).contains("Get asks for an authorizer")) << refusal(closed);
  auto other = text;
  other.replace(other.find("AWS_PROXY"), 9, "HTTP_PROXY");
  EXPECT_TRUE(refusal(other).contains("Call must have the IntegrationType AWS_PROXY")) << refusal(other);
}

TEST_F(TemplateTest, AliasesUrlsAndLayersOfFunctions) {
  const auto text = kFunction + R"(      AutoPublishAlias: live
      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 2}
      ReservedConcurrentExecutions: 5
      FunctionUrlConfig: {AuthType: NONE, Cors: {MaxAge: 3}}
      Layers: [!Ref Words, "arn:aws:lambda:us-east-1:000000000000:layer:other:7"]
      Environment: {Variables: {URL: !GetAtt FUrl.FunctionUrl, ME: !Ref F.Alias}}
      Events: {Get: {Type: HttpApi, Properties: {Path: /x, Method: get}}}
  Words:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: src, CompatibleRuntimes: [python3.12]}
)";
  around_.layers["Words"] = "arn:aws:lambda:us-east-1:000000000000:layer:Words:3";
  const auto out = read(text).value();
  const auto& f = out.functions[0];
  EXPECT_EQ(f.alias, "live");
  EXPECT_EQ(f.provisioned.text, "2");
  EXPECT_EQ(f.reserved.text, "5");
  EXPECT_EQ(f.url["AuthType"].text, "NONE");
  EXPECT_EQ(f.configuration["Layers"].items[0].text, "arn:aws:lambda:us-east-1:000000000000:layer:Words:3");
  const auto arn = "arn:aws:lambda:us-east-1:000000000000:function:" + f.name + ":live";
  EXPECT_EQ(f.configuration["Environment"]["Variables"]["ME"].text, arn);
  EXPECT_EQ(f.configuration["Environment"]["Variables"]["URL"].text, pending_url("F"));
  EXPECT_EQ(out.apis[0].routes[0].function_arn, arn);
  ASSERT_EQ(f.permissions.size(), 2u);
  EXPECT_EQ(f.permissions[0].url_auth_type, "NONE");
  EXPECT_EQ(f.permissions[1].qualifier, "live");
  ASSERT_EQ(out.layers.size(), 1u);
  EXPECT_EQ(out.layers[0].name, "Words");
  EXPECT_EQ(out.layers[0].retained.size(), 2u);
}

TEST_F(TemplateTest, ScalesTheAliasOfAFunction) {
  const auto text = kFunction + R"(      AutoPublishAlias: live
  Busy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties:
      PolicyName: busy
      PolicyType: TargetTrackingScaling
      ScalingTargetId: !Ref Target
      TargetTrackingScalingPolicyConfiguration: {TargetValue: 0.7}
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      MinCapacity: 1
      MaxCapacity: 5
      ResourceId: !Sub function:${F}:live
      ScalableDimension: lambda:function:ProvisionedConcurrency
      ServiceNamespace: lambda
      ScheduledActions:
        - {ScheduledActionName: up, Schedule: 'rate(1 day)', ScalableTargetAction: {MinCapacity: 2}}
Outputs:
  Id: {Value: !Ref Target}
)";
  const auto out = read(text);
  ASSERT_TRUE(out) << out.error().message;
  const auto& scaling = out->functions[0].scaling;
  EXPECT_EQ(scaling["MaxCapacity"].text, "5");
  EXPECT_EQ(scaling["ScheduledActions"].items.at(0)["Schedule"].text, "rate(1 day)");
  EXPECT_EQ(to_canonical_json(scaling["Policies"]),
            R"([{"PolicyName":"busy","TargetTrackingScalingPolicyConfiguration":{"TargetValue":"0.7"}}])");
  EXPECT_EQ(out->outputs[0].second,
            "function:" + out->functions[0].name + ":live|lambda:function:ProvisionedConcurrency|lambda");

  const auto with = [&](std::string_view from, std::string_view to) {
    auto changed = text;
    return refusal(changed.replace(changed.find(from), from.size(), to));
  };
  EXPECT_TRUE(with("${F}:live", "${F}:other").contains("must have a ResourceId function:NAME:ALIAS"));
  EXPECT_TRUE(with("ServiceNamespace: lambda", "ServiceNamespace: ecs").contains("served is the ScalableDimension"));
  EXPECT_TRUE(with("TargetTrackingScaling\n", "StepScaling\n").contains("TargetTrackingScaling"));
  EXPECT_TRUE(with("!Ref Target", "!Ref F").contains("a !Ref of a scalable target"));
  EXPECT_TRUE(with("      MaxCapacity: 5\n", "").contains("Target needs MaxCapacity"));
  const auto alone = text.substr(0, text.find("  Target:"));
  EXPECT_TRUE(refusal(alone).contains("Target")) << refusal(alone);
}

TEST_F(TemplateTest, RefusalsSayWhereAndWhat) {
  EXPECT_TRUE(
      refusal("Resources:\n  T:\n    Type: AWS::Serverless::Api\n")
          .starts_with("t.yaml:3: the resource T has the type AWS::Serverless::Api, which is not served; REST APIs"));
  EXPECT_TRUE(refusal(kFunction + "      Events: {E: {Type: HttpApi, Properties: {Auth: {Authorizer: Jwt}}}}\n")
                  .contains("the event E of F asks for an authorizer"));
  EXPECT_EQ(refusal("Resources:\n  T:\n    Type: AWS::DynamoDB::Global\n").substr(0, 62),
            "t.yaml:3: the resource T has the type AWS::DynamoDB::Global, w");
  EXPECT_TRUE(refusal(kFunction + "      FunctionUrlConfig: {AuthType: JWT}\n")
                  .starts_with("t.yaml:9: FunctionUrlConfig of F"));
  EXPECT_TRUE(refusal(kFunction + "      Role: !Ref F.Alias\n").contains("F has no attribute 'Alias'"));
  EXPECT_TRUE(refusal(kFunction + "      Events: {E: {Type: Schedule}}\n")
                  .starts_with("t.yaml:9: the event E of F has the Type 'Schedule'"));
  EXPECT_TRUE(refusal(kFunction + "      Events: {E: {Type: Api}}\n").contains("use Type: HttpApi"));
  EXPECT_TRUE(refusal(kFunction + "      Role: !Ref Nobody\n")
                  .starts_with("t.yaml:9: 'Nobody' is neither a parameter nor a resource"));
  EXPECT_TRUE(
      refusal(kFunction + "      Role: !ImportValue x\n").starts_with("t.yaml:9: Fn::ImportValue is not served"));
  EXPECT_TRUE(refusal(kFunction + "      Role: !GetAtt F.Wrong\n").contains("F has no attribute 'Wrong'"));
  EXPECT_TRUE(refusal("Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: nowhere\n"
                      "      Handler: a.b\n      Runtime: python3.12\n")
                  .starts_with("t.yaml:5: the code of F is not there"));
  EXPECT_TRUE(
      refusal("Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties: {CodeUri: src, Handler: a}\n")
          .contains("has no Runtime"));
  EXPECT_TRUE(refusal("Resources: {}\n").contains("has no Resources"));
  EXPECT_TRUE(refusal("Resource: {}\n").starts_with("t.yaml:1: 'Resource' is not a section"));
  EXPECT_TRUE(refusal("a: [1\n").contains("neither YAML nor JSON"));
  EXPECT_TRUE(refusal("Resources:\n  A: {Type: x}\n  A: {Type: y}\n").starts_with("t.yaml:3: 'A' is given twice"));
  EXPECT_TRUE(refusal("Resources:\n  A: !Wrong x\n").contains("the tag !Wrong"));
  EXPECT_TRUE(refusal("- a\n").contains("a template is a map"));
  EXPECT_TRUE(refusal("Resources:\n  B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref B}}\n")
                  .contains("depends on itself"));
  EXPECT_TRUE(
      refusal(
          "Conditions: {A: !Condition B, B: !Condition A}\nResources:\n  B: {Type: AWS::S3::Bucket, Condition: A}\n")
          .contains("depends on itself"));
  EXPECT_TRUE(refusal("a: " + std::string(200, '[') + std::string(200, ']')).contains("deeper"));
}

TEST_F(TemplateTest, Parameters) {
  const std::string text =
      "Parameters:\n  N: {Type: Number, MinValue: 1, MaxValue: 9}\n"
      "  P: {Type: String, Default: ab, AllowedPattern: '[a-z]+'}\nResources:\n  B: {Type: AWS::S3::Bucket}\n";
  EXPECT_TRUE(refusal(text).starts_with("t.yaml:2: parameter N: it has no Default"));
  const auto with = [&](std::map<std::string, std::string> given) {
    around_.parameters = std::move(given);
    return refusal(text);
  };
  EXPECT_EQ(with({{"N", "5"}}), "accepted");
  EXPECT_TRUE(with({{"N", "0"}}).contains("less than MinValue"));
  EXPECT_TRUE(with({{"N", "10"}}).contains("more than MaxValue"));
  EXPECT_TRUE(with({{"N", "five"}}).contains("is not a number"));
  EXPECT_TRUE(with({{"N", "5"}, {"P", "A1"}}).contains("AllowedPattern"));
  EXPECT_TRUE(with({{"N", "5"}, {"Q", "1"}}).contains("has no parameter 'Q'; it has: N, P"));
}

TEST_F(TemplateTest, JsonTemplates) {
  const auto out = read(
      "{\n\t\"Resources\": {\"B\": {\"Type\": \"AWS::S3::Bucket\", \"Properties\": {\"BucketName\": {\"Fn::Sub\": "
      "\"${AWS::StackName}-x\"}}}}}");
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->buckets[0].name, "demo-x");
}

TEST_F(TemplateTest, TheExample) {
  const auto file = fs::path(GUST_SOURCE_DIR) / "examples/thumbnails/template.yaml";
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  auto body = text.str();
  if (!fs::exists(file.parent_path() / "site/dist")) {  // the page is not built
    const auto at = body.find("        Source: site/dist\n");
    ASSERT_NE(at, std::string::npos);
    body.erase(at, std::string("        Source: site/dist\n").size());
  }
  const auto root = parse_template(body, file.string()).value();
  around_.stack = "thumbnails";
  const auto out = evaluate(root, file.string(), around_);
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->functions.size(), 2u);
  EXPECT_EQ(out->buckets.size(), 3u);
  EXPECT_EQ(out->apis.at(0).routes.size(), 3u);
  EXPECT_EQ(out->buckets[0].name, "thumbnails-uploads-000000000000");
  ASSERT_EQ(out->notes.size(), 1u);  // what opens the site's bucket on other clouds
  EXPECT_NE(out->notes[0].find("SitePolicy"), std::string::npos) << out->notes[0];
}

TEST_F(TemplateTest, FunctionsOfImages) {
  std::ofstream(folder_ / "image.tar") << "x";
  const auto of = [](const std::string& properties) {
    return "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n" + properties;
  };
  const auto local = read(of("      PackageType: Image\n      ImageUri: ./image.tar\n")).value().functions.at(0);
  EXPECT_EQ(local.code.from, CodeSource::From::kImage);
  EXPECT_EQ(local.code.path, fs::canonical(folder_ / "image.tar"));
  const std::string config = "      ImageConfig: {Command: [a.b], WorkingDirectory: /app}\n";
  const std::string by_name = "      PackageType: Image\n      ImageUri: team/hello:1\n";
  const auto named = read(of(by_name + config)).value().functions.at(0);
  EXPECT_EQ(named.code.path + named.code.text, "team/hello:1");
  EXPECT_EQ(named.configuration["ImageConfig"]["WorkingDirectory"].text, "/app");
  const auto plain = read(R"(
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties:
      PackageType: Image
      Role: arn:aws:iam::000000000000:role/r
      Code: {ImageUri: hello}
)");
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->functions[0].code.text, "hello");

  EXPECT_EQ(refusal(of("      PackageType: Image\n      ImageUri: hello\n      Runtime: python3.12\n")),
            "t.yaml:7: Runtime of F cannot be with PackageType Image");
  EXPECT_EQ(refusal(kFunction + "      ImageConfig: {Command: [x]}\n"),
            "t.yaml:9: ImageConfig of F cannot be with PackageType Zip");
  EXPECT_EQ(refusal(of("      PackageType: Rpm\n")), "t.yaml:5: PackageType of F is 'Rpm'; Zip and Image are");
  EXPECT_EQ(refusal(of("      PackageType: Image\n      ImageUri: ./none.tar\n")),
            "t.yaml:6: the image of F is not there: ./none.tar");
  const auto nameless = refusal(of("      PackageType: Image\n"));
  EXPECT_NE(nameless.find("F has PackageType Image and no ImageUri"), std::string::npos);
}

TEST_F(TemplateTest, Tables) {
  const auto out = read(R"(
Globals: {SimpleTable: {SSESpecification: {SSEEnabled: true}}}
Resources:
  Notes: {Type: AWS::Serverless::SimpleTable}
  Ids:
    Type: AWS::Serverless::SimpleTable
    Properties: {TableName: ids, PrimaryKey: {Name: n, Type: Number}, Tags: {team: a},
                 ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 2}}
  Plain:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      AttributeDefinitions: [{AttributeName: a, AttributeType: B}]
      KeySchema: [{AttributeName: a, KeyType: HASH}]
      BillingMode: PAY_PER_REQUEST
      StreamSpecification: {StreamViewType: KEYS_ONLY}
      Tags: [{Key: k, Value: v}]
Outputs:
  Name: {Value: !Ref Ids}
  Arn: {Value: !GetAtt Ids.Arn}
  Stream: {Value: !GetAtt Plain.StreamArn}
)").value();
  ASSERT_EQ(out.tables.size(), 3u);
  EXPECT_EQ(out.tables[0].name, generated_function_name(around_, "Notes"));
  EXPECT_EQ(out.tables[0].settings["KeySchema"].items[0]["AttributeName"].text, "id");
  EXPECT_EQ(out.tables[0].settings["BillingMode"].text, "PAY_PER_REQUEST");
  EXPECT_EQ(out.tables[1].settings["AttributeDefinitions"].items[0]["AttributeType"].text, "N");
  EXPECT_EQ(out.tables[1].tags.at("team"), "a");
  EXPECT_EQ(out.tables[2].tags.at("k"), "v");
  EXPECT_TRUE(out.tables[2].retained.contains("DeletionPolicy"));
  const std::vector<std::pair<std::string, std::string>> outputs = {
      {"Name", "ids"},
      {"Arn", "arn:aws:dynamodb:us-east-1:000000000000:table/ids"},
      {"Stream", pending_stream("Plain")}};
  EXPECT_EQ(out.outputs, outputs);
}

TEST_F(TemplateTest, WhatIsWrongWithATable) {
  EXPECT_EQ(refusal("Resources:\n  T: {Type: AWS::DynamoDB::Table}\n"),
            "t.yaml:2: the table T needs a list AttributeDefinitions");
  EXPECT_TRUE(refusal("Resources:\n  T: {Type: AWS::Serverless::SimpleTable, Properties: {PrimaryKey: {Name: a, Type: "
                      "Map}}}\n")
                  .contains("String, Number or Binary"));
  const std::string table = R"(
Resources:
  T:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: a, AttributeType: S}]
      KeySchema: [{AttributeName: a, KeyType: HASH}]
)";
  EXPECT_EQ(refusal(table), "accepted");
  EXPECT_TRUE(refusal(table + "      KinesisStreamSpecification: {StreamArn: x}\n").contains("is not served"));
  EXPECT_TRUE(refusal(table + "      GlobalSecondaryIndexes: [{IndexName: i}]\n").contains("is not complete"));
  EXPECT_TRUE(refusal(table + "Outputs: {X: {Value: !GetAtt T.StreamArn}}\n").contains("with a StreamSpecification"));
}

TEST_F(TemplateTest, WhatAMakefileBuilds) {
  const auto with = [](std::string_view method) {
    return kFunction + fmt::format("    Metadata: {{BuildMethod: {}}}\n", method);
  };
  EXPECT_EQ(read(kFunction).value().functions[0].code.build, CodeSource::Build::kNone);
  EXPECT_EQ(read(with("python3.12")).value().functions[0].code.build, CodeSource::Build::kNone);
  EXPECT_EQ(read(with("makefile")).value().functions[0].code.build, CodeSource::Build::kMakefile);
  EXPECT_EQ(refusal(with("esbuild")),
            "t.yaml:9: BuildMethod esbuild of F is not served: name a folder with a Makefile and BuildMethod makefile, "
            "or build it first and name the result");
  const std::string layer = "Resources:\n  L:\n    Type: AWS::Serverless::LayerVersion\n"
                            "    Properties: {ContentUri: src}\n    Metadata: {BuildMethod: ";
  EXPECT_EQ(read(layer + "makefile}\n").value().layers[0].content.build, CodeSource::Build::kMakefile);
  EXPECT_TRUE(refusal(layer + "python3.12}\n").starts_with("t.yaml:5: BuildMethod python3.12 of L is not served"));
}

}  // namespace
}  // namespace gust::cli
