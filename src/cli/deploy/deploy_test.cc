#include "cli/deploy/deploy.h"

#include "cli/deploy/zip.h"
#include "codec/json.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// The three services as far as a deploy uses them, in memory; remembers every call, fails one on request.
class FakeCloud final : public Remote {
 public:
  Result<Answer> send(const Call& call) override {
    const auto line = fmt::format("{} {}{}{}", call.method, call.path, call.query.empty() ? "" : "?", call.query);
    if (call.method != "GET" && call.method != "HEAD" && call.service != "sts") calls.push_back(line);
    if (!fail_on.empty() && line.contains(fail_on))
      return Answer{400, {}, R"({"__type":"InvalidParameterValueException","message":"no"})"};
    if (call.service == "sts")
      return Answer{
          200, {}, "<R><GetCallerIdentityResult><Account>000000000000</Account></GetCallerIdentityResult></R>"};
    if (call.service == "s3") return s3(call);
    return call.service == "lambda" ? functions_call(call) : apis_call(call);
  }
  Result<Answer> stream(const Call& call, std::function<bool(std::string_view)>) override { return send(call); }

  std::size_t count(std::string_view part) const {
    return static_cast<std::size_t>(std::ranges::count_if(calls, [&](const auto& c) { return c.contains(part); }));
  }

  std::vector<std::string> calls;
  std::string fail_on;
  std::map<std::string, std::string> objects;  // "bucket" or "bucket/key"
  std::map<std::string, json::object> functions;
  std::set<std::string> apis;
  std::vector<std::string> routes;
  std::string last_modified = "Mon, 23 Nov 2026 12:09:30 GMT";

 private:
  Answer s3(const Call& call) {
    const auto name =
        call.path.substr(1) + (call.query.empty() || call.query.starts_with("list") ? "" : "?" + call.query);
    const auto etag = [&] {
      return fmt::format("\"{}\"", objects.contains(name) ? std::hash<std::string>()(objects.at(name)) : 0);
    };
    for (const auto& [header, value] : call.headers) {
      if ((header == "If-None-Match" && objects.contains(name)) || (header == "If-Match" && value != etag()))
        return {412, {}, ""};
    }
    if (call.method == "PUT" && !call.query.empty()) objects[name] = call.body;
    if (call.method == "DELETE" && !call.query.empty()) objects.erase(name);
    if (call.method == "PUT" && call.query.empty()) objects[name] = call.body;
    if (call.method == "DELETE" && call.query.empty()) objects.erase(name);
    if ((call.method == "GET" || call.method == "HEAD") && !objects.contains(name)) return {404, {}, ""};
    http::Headers headers;
    headers.add("ETag", etag());
    headers.add("Date", "Mon, 23 Nov 2026 12:10:00 GMT");
    headers.add("Last-Modified", last_modified);
    return {200, headers, call.method == "GET" ? objects[name] : ""};
  }
  Answer functions_call(const Call& call) {
    const auto body = codec::parse_json(call.body.empty() ? "{}" : call.body).value().get_object();
    if (call.method == "POST" && call.path == "/2015-03-31/functions")
      functions[std::string(body.at("FunctionName").as_string())] = body;
    const auto rest =
        call.path.substr(std::string("/2015-03-31/functions/").size() - (call.path.ends_with("functions") ? 1 : 0));
    const auto name = rest.substr(0, rest.find('/'));
    if (call.method == "GET") {
      const auto it = functions.find(name);
      if (it == functions.end()) return {404, {}, R"({"message":"none"})"};
      return {200, {}, codec::to_json(it->second)};
    }
    if (call.method == "PUT" && rest.ends_with("/configuration")) {
      for (const auto& [key, value] : body) functions[name][key] = value;
    }
    if (call.method == "DELETE" && rest == name) functions.erase(name);
    return {200, {}, "{}"};
  }
  Answer apis_call(const Call& call) {
    if (call.method == "POST" && call.path == "/v2/apis") {
      apis.insert("api1");
      return {201, {}, R"({"apiId":"api1"})"};
    }
    if (call.method == "POST" && call.path.ends_with("/integrations")) return {201, {}, R"({"integrationId":"i1"})"};
    if (call.method == "POST" && call.path.ends_with("/routes")) routes.push_back(call.body);
    if (call.method == "DELETE" && call.path == "/v2/apis/api1") apis.erase("api1");
    if (call.method == "GET" && call.path == "/v2/apis/api1" && !apis.contains("api1")) return {404, {}, "{}"};
    return {200, {}, R"({"items":[]})"};
  }
};

class DeployTest : public testing::Test {
 protected:
  DeployTest() : folder_(fs::temp_directory_path() / fmt::format("gust-deploy-{}", ::getpid())) {
    fs::create_directories(folder_ / "src");
    fs::create_directories(folder_ / "www");
    std::ofstream(folder_ / "src/app.py") << "def handler(e, c): pass\n";
    std::ofstream(folder_ / "www/index.html") << "<p>hello";
    write(kTemplate);
  }
  ~DeployTest() override { fs::remove_all(folder_); }

  void write(const std::string& text) { std::ofstream(folder_ / "template.yaml") << text; }
  std::unique_ptr<Deploy> prepare() {
    Surroundings around;
    around.stack = "demo";
    auto deploy = std::make_unique<Deploy>(cloud_, (folder_ / "template.yaml").string(), around, [](const auto&) {});
    const auto prepared = deploy->prepare();
    EXPECT_TRUE(prepared) << prepared.error().message;
    return deploy;
  }
  std::string actions(const Deploy& deploy) {
    std::string out;
    for (const auto& change : deploy.changes())
      out += fmt::format("{}:{} ", change.logical_id, action_name(change.action));
    return out;
  }

  static constexpr const char* kLock = "gust-deploy-000000000000/stacks/demo.lock";
  static constexpr const char* kTemplate = R"(
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: app.handler
      Runtime: python3.12
      FunctionName: f
      Environment: {Variables: {API: !GetAtt Api.ApiEndpoint}}
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /x, Method: get}}
        New: {Type: S3, Properties: {Bucket: !Ref In, Events: "s3:ObjectCreated:*"}}
  Api: {Type: AWS::Serverless::HttpApi}
  In: {Type: AWS::S3::Bucket, Properties: {BucketName: in}}
  Site:
    Type: AWS::S3::Bucket
    Metadata: {GustContent: {Source: www, Files: {config.json: !Sub '{"api": "${Api.ApiEndpoint}"}'}}}
    Properties: {BucketName: site, WebsiteConfiguration: {IndexDocument: index.html}}
Outputs:
  Url: {Value: !GetAtt Api.ApiEndpoint}
)";
  fs::path folder_;
  FakeCloud cloud_;
};

TEST_F(DeployTest, MakesEverythingOnceAndThenNothing) {
  auto deploy = prepare();
  EXPECT_EQ(actions(*deploy), "In:create Site:create Api:create F:create ");
  EXPECT_TRUE(cloud_.calls.empty());
  const auto done = deploy->apply();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(cloud_.objects.contains("site/index.html"));
  EXPECT_EQ(cloud_.objects["site/config.json"], R"({"api": "http://127.0.0.1:4566/_gust/api/api1"})");
  EXPECT_EQ(codec::to_json(cloud_.functions["f"]["Environment"]),
            R"({"Variables":{"API":"http://127.0.0.1:4566/_gust/api/api1"}})");
  EXPECT_EQ(deploy->desired().outputs.at(0).second, "http://127.0.0.1:4566/_gust/api/api1");
  EXPECT_EQ(cloud_.routes.size(), 1u);
  EXPECT_EQ(cloud_.count("notification"), 2u);
  EXPECT_EQ(cloud_.count("POST /2015-03-31/functions/f/policy"), 2u);

  cloud_.calls.clear();
  deploy = prepare();
  EXPECT_EQ(actions(*deploy), "In:none Site:none Api:none F:none ");
  ASSERT_TRUE(deploy->apply());
  EXPECT_FALSE(cloud_.objects.contains(kLock));
  for (const auto& call : cloud_.calls) EXPECT_TRUE(call.contains("gust-deploy-000000000000")) << call;
}

TEST_F(DeployTest, ChangedCodeAndContentAreUpdated) {
  ASSERT_TRUE(prepare()->apply());
  cloud_.calls.clear();
  std::ofstream(folder_ / "src/app.py") << "def handler(e, c): return 2\n";
  std::ofstream(folder_ / "www/new.css") << "p {}";
  fs::remove(folder_ / "www/index.html");
  auto deploy = prepare();
  EXPECT_EQ(actions(*deploy), "In:none Site:update Api:none F:update ");
  EXPECT_EQ(deploy->changes().at(1).what, std::vector<std::string>{"files"});
  EXPECT_EQ(deploy->changes().at(3).what, std::vector<std::string>{"code"});
  ASSERT_TRUE(deploy->apply());
  EXPECT_EQ(cloud_.count("PUT /2015-03-31/functions/f/code"), 1u);
  EXPECT_TRUE(cloud_.objects.contains("site/new.css"));
  EXPECT_FALSE(cloud_.objects.contains("site/index.html"));
}

TEST_F(DeployTest, DroppedResourcesGo) {
  ASSERT_TRUE(prepare()->apply());
  write("Resources:\n  In: {Type: AWS::S3::Bucket, Properties: {BucketName: other}}\n");
  auto deploy = prepare();
  EXPECT_EQ(actions(*deploy), "In:replace Api:delete F:delete Site:delete ");
  ASSERT_TRUE(deploy->apply());
  EXPECT_TRUE(cloud_.functions.empty());
  EXPECT_TRUE(cloud_.apis.empty());
  EXPECT_FALSE(cloud_.objects.contains("in"));
  EXPECT_TRUE(cloud_.objects.contains("other"));
}

TEST_F(DeployTest, AFailureTakesBackWhatWasDone) {
  cloud_.fail_on = "/policy";
  const auto done = prepare()->apply();
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().message.contains("Taken back")) << done.error().message;
  EXPECT_TRUE(cloud_.functions.empty());
  EXPECT_TRUE(cloud_.apis.empty());
  EXPECT_FALSE(cloud_.objects.contains("in"));
  cloud_.fail_on.clear();
  auto deploy = prepare();
  EXPECT_EQ(actions(*deploy), "In:create Site:create Api:create F:create ");
  EXPECT_TRUE(deploy->apply());
}

TEST_F(DeployTest, AFailedUpdateRestoresTheOldVersion) {
  ASSERT_TRUE(prepare()->apply());
  std::string text = kTemplate;
  text.replace(text.find("app.handler"), 11, "app.changed");
  write(text);
  std::ofstream(folder_ / "src/app.py") << "def changed(e, c): pass\n";
  cloud_.fail_on = "PUT /2015-03-31/functions/f/code";
  ASSERT_FALSE(prepare()->apply());
  EXPECT_EQ(cloud_.functions["f"]["Handler"].as_string(), "app.handler");
  cloud_.fail_on.clear();
  EXPECT_EQ(actions(*prepare()), "In:none Site:none Api:none F:update ");
}

TEST_F(DeployTest, ALateFailureRestoresBucketsApisAndPermissions) {
  ASSERT_TRUE(prepare()->apply());
  const auto before = cloud_.objects;
  std::string text = kTemplate;
  text.replace(text.find("s3:ObjectCreated:*"), 18, "s3:ObjectRemoved:*");
  text.replace(text.find("Path: /x"), 8, "Path: /y");
  text.replace(text.find("index.html"), 10, "start.html");
  text.replace(text.find("FunctionName: f"), 15, "FunctionName: f\n      Timeout: 9");
  write(text);
  cloud_.fail_on = "/site/index.html";
  std::ofstream(folder_ / "www/index.html") << "<p>changed";
  const auto done = prepare()->apply();
  ASSERT_FALSE(done);
  EXPECT_EQ(cloud_.objects["in?notification="], before.at("in?notification="));
  EXPECT_EQ(cloud_.objects["site?website="], before.at("site?website="));
  EXPECT_EQ(cloud_.functions["f"]["Handler"].as_string(), "app.handler");
  EXPECT_TRUE(done.error().message.contains("restore the API demo-Api: done")) << done.error().message;
  EXPECT_TRUE(done.error().message.contains("restore the permissions of f: done")) << done.error().message;
  cloud_.fail_on.clear();
  EXPECT_EQ(actions(*prepare()), "In:update Site:update Api:update F:update ");
}

TEST_F(DeployTest, OneDeployOfAStackAtATime) {
  cloud_.objects[kLock] = R"({"token":"other","host":"elsewhere","machine":"other","pid":1})";
  cloud_.objects["gust-deploy-000000000000"] = "";
  auto done = prepare()->apply();
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().message.contains("being deployed by process 1 on elsewhere")) << done.error().message;
  EXPECT_TRUE(cloud_.functions.empty());
  EXPECT_TRUE(cloud_.objects.contains(kLock));
  cloud_.last_modified = "Mon, 23 Nov 2026 12:07:00 GMT";  // its holder gave no sign for three minutes
  done = prepare()->apply();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_FALSE(cloud_.objects.contains(kLock));
}

TEST_F(DeployTest, APlanThatAnotherDeployOvertookIsNotMade) {
  auto late = prepare();
  ASSERT_TRUE(prepare()->apply());
  cloud_.calls.clear();
  const auto done = late->apply();
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().message.contains("another deploy changed the stack demo")) << done.error().message;
  EXPECT_EQ(cloud_.count("/f"), 0u);
}

TEST_F(DeployTest, AHandlerThatIsNotInTheCodeIsSaidBefore) {
  const auto refusal = [&](const std::string& handler, const std::string& runtime) {
    std::string text = kTemplate;
    text.replace(text.find("app.handler"), 11, handler);
    text.replace(text.find("python3.12"), 10, runtime);
    write(text);
    Surroundings around;
    around.stack = "demo";
    const auto done = Deploy(cloud_, (folder_ / "template.yaml").string(), around, [](const auto&) {}).prepare();
    return done ? "accepted" : done.error().message;
  };
  EXPECT_EQ(refusal("app.handler", "python3.12"), "accepted");
  EXPECT_TRUE(refusal("ap.handler", "python3.12")
                  .contains("template.yaml:7: the function F: the Handler 'ap.handler' "
                            "needs ap.py, which is not in its code; there is: app.py"));
  EXPECT_TRUE(refusal("app.main", "python3.12").contains("needs 'main' in app.py, which has none"));
  EXPECT_TRUE(refusal("handler", "python3.12").contains("must be FILE.FUNCTION"));
  EXPECT_TRUE(refusal("app.handler", "nodejs20.x").contains("needs app.js"));
  EXPECT_TRUE(refusal("any", "provided.al2023").contains("'bootstrap', and its code has none"));
  std::ofstream(folder_ / "src/bootstrap") << "#!/bin/sh\n";
  EXPECT_TRUE(refusal("any", "provided.al2023").contains("not executable"));
  fs::permissions(folder_ / "src/bootstrap", fs::perms::owner_all);
  EXPECT_EQ(refusal("any", "provided.al2023"), "accepted");
  std::ofstream(folder_ / "src/web.mjs") << "export const go = async () => 1;\n";
  EXPECT_EQ(refusal("web.go", "nodejs22.x"), "accepted");
  EXPECT_TRUE(refusal("web.gone", "nodejs22.x").contains("needs 'gone' in web.mjs"));
  std::ofstream(folder_ / "src/app.py") << "from other import *\n";
  EXPECT_EQ(refusal("app.main", "python3.12"), "accepted");
}

TEST_F(DeployTest, ARetainedBucketStays) {
  ASSERT_TRUE(prepare()->apply());
  std::string text = kTemplate;
  text.replace(text.find("In: {Type: AWS::S3::Bucket,"), 27, "In: {Type: AWS::S3::Bucket, DeletionPolicy: Retain,");
  write(text);
  ASSERT_TRUE(prepare()->apply());
  write("Resources:\n  Other: {Type: AWS::S3::Bucket, Properties: {BucketName: other}}\n");
  ASSERT_TRUE(prepare()->apply());
  EXPECT_TRUE(cloud_.objects.contains("in"));
  EXPECT_FALSE(cloud_.objects.contains("site"));
}

TEST_F(DeployTest, AForeignBucketIsNotTaken) {
  cloud_.objects["in"] = "";
  const auto done = prepare()->apply();
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().message.contains("was not made by this stack"));
  EXPECT_TRUE(cloud_.objects.contains("in"));
}

TEST_F(DeployTest, WhatVanishedIsMadeAgain) {
  ASSERT_TRUE(prepare()->apply());
  cloud_.functions.clear();
  cloud_.apis.clear();
  auto deploy = prepare();
  EXPECT_EQ(actions(*deploy), "In:none Site:update Api:create F:create ");
  EXPECT_TRUE(deploy->apply());
}

TEST_F(DeployTest, ZipsAreTheSameForTheSameContent) {
  const auto a = (folder_ / "a.zip").string(), b = (folder_ / "b.zip").string();
  fs::create_directories(folder_ / "src/__pycache__");
  ASSERT_TRUE(zip_folders({(folder_ / "src").string()}, a));
  std::ofstream(folder_ / "src/__pycache__/x.pyc") << "x";
  fs::last_write_time(folder_ / "src/app.py", fs::file_time_type::clock::now() - std::chrono::hours(5));
  ASSERT_TRUE(zip_folders({(folder_ / "src").string()}, b));
  EXPECT_EQ(file_sha256(a).value(), file_sha256(b).value());
  fs::create_directories(folder_ / "empty");
  EXPECT_EQ(zip_folders({(folder_ / "empty").string()}, a).error().source, "code");
}

TEST(Record, Survives) {
  StackRecord record;
  record.entries["F"] = {"AWS::Lambda::Function", "f", "d", {{"code", "1"}}, "code/x.zip", {{"a", "1"}}, {"p"},
                         {"DeletionPolicy"}};
  record.outputs["Url"] = "http://x";
  const auto back = parse_record(to_json(record)).value();
  EXPECT_EQ(back.entries, record.entries);
  EXPECT_EQ(back.outputs, record.outputs);
  EXPECT_EQ(parse_record("[]").error().source, "stack");
}

}  // namespace
}  // namespace gust::cli
