// The interpreters and SDKs that functions find in a sandbox. Needs runtimes/install to have been run.
#include "sandbox/linux/testing.h"

#include <gmock/gmock.h>

namespace gust::sandbox {
namespace {

class Runtimes : public testing::Sandboxes {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(installed())) GTEST_SKIP() << "no build/runtimes: run runtimes/install";
  }
  static std::filesystem::path installed() { return std::filesystem::path(GUST_SOURCE_DIR) / "build/runtimes"; }

  Spec with_code(const std::string& language, const std::string& file, const std::string& code,
                 std::vector<std::string> argv) {
    std::ofstream(folder_ / "task" / file) << code;
    auto made = spec(std::move(argv));
    made.read_only.push_back({installed() / language, "/var/runtime"});
    made.memory_bytes = 512u << 20;
    return made;
  }
};

TEST_F(Runtimes, NodeFindsTheSdkFromAnEsModule) {
  if (!std::filesystem::exists("/usr/bin/node")) GTEST_SKIP() << "no /usr/bin/node";
  const std::string code = R"(
import { S3Client } from "@aws-sdk/client-s3";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { STSClient } from "@aws-sdk/client-sts";
import { ApiGatewayV2Client } from "@aws-sdk/client-apigatewayv2";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import os from "node:os";
console.log([S3Client, LambdaClient, STSClient, ApiGatewayV2Client, Upload, getSignedUrl].map((c) => typeof c).join());
console.log(os.userInfo().username);
)";
  EXPECT_EQ(output_of(with_code("node", "a.mjs", code, {"/usr/bin/node", "a.mjs"})),
            "function,function,function,function,function,function\nsandbox\n");
}

TEST_F(Runtimes, NodeFindsTheSdkFromACommonModule) {
  if (!std::filesystem::exists("/usr/bin/node")) GTEST_SKIP() << "no /usr/bin/node";
  const std::string code = "console.log(typeof require('@aws-sdk/client-s3').S3Client);";
  EXPECT_EQ(output_of(with_code("node", "a.js", code, {"/usr/bin/node", "a.js"})), "function\n");
}

// The bootstrap tells an init error to the Runtime API; here nobody answers, which is an error of its own.
TEST_F(Runtimes, PythonsPathHasTheCodeTheSdkAndTheDistributionLast) {
  const std::string code = "import boto3, sys\nprint(boto3.__file__)\nprint(sys.path[0], sys.path[-1])\nsys.exit(0)\n";
  auto asked = with_code("python", "app.py", code, {"/usr/bin/python3", "/var/runtime/bootstrap.py"});
  asked.env["_HANDLER"] = "app.handler";
  asked.env["AWS_LAMBDA_RUNTIME_API"] = "127.0.0.1:9001";
  EXPECT_EQ(output_of(std::move(asked)),
            "/var/runtime/packages/boto3/__init__.py\n/var/task /usr/lib/python3/dist-packages\n");
}

}  // namespace
}  // namespace gust::sandbox
