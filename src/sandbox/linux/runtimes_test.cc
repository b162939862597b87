// The interpreters and SDKs that functions find in a sandbox. Needs runtimes/install to have been run.
#include "sandbox/linux/testing.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstring>
#include <sys/socket.h>

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

// Serves the Runtime API on one listener for one event, and answers what was posted, head and body.
std::string serve_one_event(int fd, const std::string& event) {
  const Fd listener(fd);
  Fd connection;
  while (!connection) connection.reset(::accept(listener.get(), nullptr, nullptr));
  const auto read_request = [&] {
    std::string text;
    char buffer[4096];
    for (std::size_t size = std::string::npos; text.size() < size;) {
      const auto got = ::read(connection.get(), buffer, sizeof(buffer));
      if (got <= 0) return text;
      text.append(buffer, static_cast<std::size_t>(got));
      const auto body = text.find("\r\n\r\n");
      const char* const length = ::strcasestr(text.c_str(), "\r\ncontent-length: ");
      if (body != std::string::npos) size = body + 4 + (length ? std::strtoul(length + 18, nullptr, 10) : 0);
    }
    return text;
  };
  read_request();
  const auto answer = fmt::format("HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r-1\r\n"
                                  "Lambda-Runtime-Deadline-Ms: 99999999999999\r\n"
                                  "Lambda-Runtime-Invoked-Function-Arn: arn:f\r\nContent-Type: "
                                  "application/json\r\nContent-Length: {}\r\n\r\n{}", event.size(), event);
  EXPECT_EQ(::write(connection.get(), answer.data(), answer.size()), static_cast<ssize_t>(answer.size()));
  return read_request();
}

std::filesystem::path test_packages() {
  const auto venv = std::filesystem::path(GUST_SOURCE_DIR) / "build/venv-new/lib";
  std::error_code absent;
  for (const auto& python : std::filesystem::directory_iterator(venv, absent)) {
    if (std::filesystem::exists(python.path() / "site-packages/awslambdaric")) return python.path() / "site-packages";
  }
  return {};
}

// The public runtime interface client as a bootstrap: its native part must load and reach the Runtime API.
TEST_F(Runtimes, TheOfficialPythonClientRuns) {
  const auto packages = test_packages();
  if (packages.empty()) GTEST_SKIP() << "no awslambdaric in build/venv-new: scripts/install check";
  std::ofstream(folder_ / "task/app.py") << "def handler(event, context):\n"
                                            "    return {'id': context.aws_request_id, **event}\n";
  auto asked = spec({"/usr/bin/python3", "-m", "awslambdaric", "app.handler"});
  asked.read_only.push_back({packages, "/opt"});
  asked.env["PYTHONPATH"] = "/opt";
  asked.env["AWS_LAMBDA_RUNTIME_API"] = "127.0.0.1:9001";
  asked.listen_ports = {9001};
  auto sandbox = start(std::move(asked));
  ASSERT_TRUE(sandbox) << sandbox.error().message;
  const auto posted = serve_one_event((*sandbox)->take_listeners().at(0), R"({"a": 1})");
  EXPECT_THAT(posted, ::testing::StartsWith("POST /2018-06-01/runtime/invocation/r-1/response"));
  EXPECT_THAT(posted, ::testing::HasSubstr(R"({"id": "r-1", "a": 1})"));
  (*sandbox)->kill();
  EXPECT_TRUE(wait(**sandbox));
}

}  // namespace
}  // namespace gust::sandbox
