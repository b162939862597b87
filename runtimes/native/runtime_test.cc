// The SDK against a scripted Runtime API on a real socket: what it sends, byte for byte, and what it makes of answers.
#include "aws/lambda-runtime/runtime.h"

#include "http_connection.h"

#include "aws/lambda-runtime/version.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <thread>

namespace aws::lambda_runtime {
namespace {

using aws::http::response_code;
using testing::HasSubstr;

// One scripted answer: waits for a whole request first; a connection is closed after it where `then` says so.
enum class Then { kKeep, kClose };
struct Answer {
  std::string text;
  Then then = Then::kKeep;
};

std::string fixed(int status, const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

const std::string kIds =
    "Lambda-Runtime-Aws-Request-Id: id-1\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\n"
    "Lambda-Runtime-Invoked-Function-Arn: arn:f\r\nLambda-Runtime-Trace-Id: Root=1\r\n"
    "Lambda-Runtime-Client-Context: {}\r\nLambda-Runtime-Cognito-Identity: {\"a\":1}\r\n";

class RuntimeApi {
 public:
  explicit RuntimeApi(std::vector<Answer> answers) : answers_(std::move(answers)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~RuntimeApi() {
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // After the last answer.
  const std::vector<std::string>& requests() {
    thread_.join();
    return requests_;
  }
  int connections() const { return connections_; }

  static std::string read_request(int fd) {
    std::string got;
    char piece[65536];
    for (;;) {
      const auto end = got.find("\r\n\r\n");
      if (end != std::string::npos) {
        const auto at = got.find("Content-Length: ");
        const auto size = at < end ? std::stoul(got.substr(at + 16)) : 0;
        if (got.size() >= end + 4 + size) return got;
      }
      const auto n = ::recv(fd, piece, sizeof piece, 0);
      if (n <= 0) return got;
      got.append(piece, static_cast<std::size_t>(n));
    }
  }

 private:
  void serve() {
    int fd = -1;
    for (const auto& answer : answers_) {
      if (fd < 0) {
        fd = ::accept(listener_, nullptr, nullptr);
        ++connections_;
      }
      requests_.push_back(read_request(fd));
      for (std::size_t sent = 0; sent < answer.text.size();) {
        const auto n = ::send(fd, answer.text.data() + sent, answer.text.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        sent += static_cast<std::size_t>(n);
      }
      if (answer.then == Then::kClose) {
        ::close(fd);
        fd = -1;
      }
    }
    if (fd >= 0) ::close(fd);
  }

  std::vector<Answer> answers_;
  std::vector<std::string> requests_;
  int listener_ = -1, port_ = 0, connections_ = 0;
  std::thread thread_;
};

TEST(NativeRuntime, TakesAnInvocationAndAnswersItOnOneConnection) {
  RuntimeApi api({{fixed(200, R"({"n":1})", kIds)}, {fixed(202, "")}, {fixed(202, "")}});
  runtime client("http://" + api.address() + "/");
  const auto next = client.get_next();
  ASSERT_TRUE(next.is_success());
  const auto& request = next.get_result();
  EXPECT_EQ(request.payload, R"({"n":1})");
  EXPECT_EQ(request.request_id, "id-1");
  EXPECT_EQ(request.function_arn, "arn:f");
  EXPECT_EQ(request.xray_trace_id, "Root=1");
  EXPECT_EQ(request.client_context, "{}");
  EXPECT_EQ(request.cognito_identity, R"({"a":1})");
  EXPECT_GT(request.get_time_remaining().count(), 0);
  EXPECT_TRUE(client.post_success("id-1", invocation_response::success("ok", "text/plain")).is_success());
  EXPECT_TRUE(client.post_failure("id-1", invocation_response::failure("a \"b\"\n", "T")).is_success());
  const auto& sent = api.requests();
  EXPECT_THAT(sent[0], HasSubstr("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n"));
  EXPECT_THAT(sent[1], HasSubstr("POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\n"));
  EXPECT_THAT(sent[1], HasSubstr("Content-Type: text/plain\r\n"));
  EXPECT_THAT(sent[1], HasSubstr("\r\n\r\nok"));
  EXPECT_THAT(sent[2], HasSubstr("/id-1/error HTTP/1.1"));
  EXPECT_THAT(sent[2], HasSubstr("Lambda-Runtime-Function-Error-Type: T\r\n"));
  EXPECT_THAT(sent[2], HasSubstr(R"({"errorMessage":"a \"b\"\u000a","errorType":"T","stackTrace":[]})"));
  EXPECT_EQ(api.connections(), 1);
}

TEST(NativeRuntime, SixMegabytesGoBothWaysAndChunksAreJoined) {
  const std::string large(6 << 20, 'x');
  std::string chunked = "HTTP/1.1 200 OK\r\n" + kIds + "Transfer-Encoding: chunked\r\n\r\n";
  chunked += "400000;some=extension\r\n" + large.substr(0, 4 << 20) + "\r\n200000\r\n" + large.substr(4 << 20) +
             "\r\n0\r\nSome: trailer\r\n\r\n";
  RuntimeApi api({{chunked}, {"HTTP/1.1 100 Continue\r\n\r\n" + fixed(202, "")}, {fixed(200, large, kIds)}});
  runtime client(api.address());
  EXPECT_EQ(client.get_next().get_result().payload, large);
  EXPECT_TRUE(client.post_success("id-1", invocation_response::success(large, "text/plain")).is_success());
  EXPECT_EQ(client.get_next().get_result().payload, large);
  const auto& sent = api.requests()[1];
  EXPECT_TRUE(sent.substr(sent.find("\r\n\r\n") + 4) == large);
}

TEST(NativeRuntime, AClosedConnectionIsMadeAnew) {
  RuntimeApi api({{fixed(202, ""), Then::kClose},
                  {fixed(202, "", "Connection: close\r\n"), Then::kClose},
                  {"HTTP/1.1 200 OK\r\n" + kIds + "\r\nuntil the end", Then::kClose},
                  {fixed(202, "")}});
  runtime client(api.address());
  const auto answer = invocation_response::success("ok", "text/plain");
  EXPECT_TRUE(client.post_success("1", answer).is_success());
  EXPECT_TRUE(client.post_success("2", answer).is_success());
  EXPECT_EQ(client.get_next().get_result().payload, "until the end");
  EXPECT_TRUE(client.post_success("3", answer).is_success());
  EXPECT_EQ(api.requests().size(), 4u);
  EXPECT_EQ(api.connections(), 4);
}

TEST(NativeRuntime, SaysWhatTheApiRefused) {
  RuntimeApi api({{fixed(413, "{}")}, {fixed(400, "{}")}, {fixed(410, "{}")}, {fixed(200, "no id")}});
  runtime client(api.address());
  EXPECT_EQ(client.post_success("1", invocation_response::success("", "")).get_failure(),
            response_code::REQUEST_ENTITY_TOO_LARGE);
  EXPECT_EQ(client.post_init_failure(invocation_response::failure("m", "t")).get_failure(), response_code::BAD_REQUEST);
  EXPECT_EQ(client.get_next().get_failure(), response_code::GONE);
  EXPECT_EQ(client.get_next().get_failure(), response_code::REQUEST_NOT_MADE);
  EXPECT_THAT(api.requests()[1], HasSubstr("POST /2018-06-01/runtime/init/error "));
}

TEST(NativeRuntime, AHeaderCannotBeBrokenOutOf) {
  RuntimeApi api({{fixed(202, "")}});
  runtime client(api.address());
  EXPECT_TRUE(client.post_success("1", invocation_response::success("", "text/plain\r\nX-Evil: 1")).is_success());
  EXPECT_THAT(api.requests()[0], HasSubstr("Content-Type: text/plain  X-Evil: 1\r\n"));
}

TEST(HttpConnection, RefusesWhatIsNoAnswer) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  for (const std::string& text :
       {std::string("garbage\r\n\r\n"), std::string("HTTP/1.1 abc X\r\n\r\n"), std::string("HTTP/1.1 20"),
        ok + "no colon\r\n\r\n", ok + "Content-Length: -1\r\n\r\n", ok + "Content-Length: 99999999999999999999\r\n\r\n",
        ok + "Content-Length: 5\r\n\r\nabc", ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"}) {
    RuntimeApi api({{text, Then::kClose}});
    http_connection connection(api.address());
    const auto reply = connection.request("GET", "/", {}, "");
    EXPECT_EQ(reply.status, -1) << text;
    EXPECT_NE(reply.error, "") << text;
  }
}

TEST(HttpConnection, SaysWhichAddressItCannotUse) {
  for (const std::string address : {"", "example.com:80", "127.0.0.1:0", "127.0.0.1:70000", "127.0.0.1:x"}) {
    const auto reply = http_connection(address).request("GET", "/", {}, "");
    EXPECT_EQ(reply.status, -1) << address;
    EXPECT_THAT(reply.error, HasSubstr("'" + address + "'"));
  }
}

// Forks a function of so many invocations at once, and is its Runtime API: one connection a thread.
class ServeSeveral : public ::testing::Test {
 protected:
  ServeSeveral() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~ServeSeveral() override {
    for (const int fd : connections_) ::close(fd);
    ::close(listener_);
  }
  void start(const char* at_once, const std::function<invocation_response(invocation_request const&)>& handler) {
    child_ = ::fork();
    if (child_ != 0) return;
    ::close(listener_);
    ::setenv("AWS_LAMBDA_RUNTIME_API", address_.c_str(), 1);
    ::setenv("AWS_LAMBDA_MAX_CONCURRENCY", at_once, 1);
    run_handler(handler);
  }
  // A connection that asks for an event.
  int accept_next() {
    const int fd = ::accept(listener_, nullptr, nullptr);
    connections_.push_back(fd);
    EXPECT_THAT(RuntimeApi::read_request(fd), HasSubstr("GET /2018-06-01/runtime/invocation/next "));
    return fd;
  }
  static void give(int fd, const std::string& id) {
    const auto text = fixed(200, "\"" + id + "\"", "Lambda-Runtime-Aws-Request-Id: " + id + "\r\n");
    EXPECT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  int exit_code() const {
    int status = 0;
    ::waitpid(child_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  int listener_ = -1;
  std::string address_;
  std::vector<int> connections_;
  pid_t child_ = -1;
};

TEST_F(ServeSeveral, SoManyThreadsCallTheHandlerAtOnceEachOnItsConnection) {
  std::atomic<int> inside = 0;
  start("3", [&](invocation_request const& request) {
    ++inside;
    while (inside < 3) std::this_thread::yield();
    return invocation_response::success(request.request_id + " " + request.payload, "text/plain");
  });
  for (int i = 0; i < 3; ++i) accept_next();
  for (int i = 0; i < 3; ++i) give(connections_[static_cast<std::size_t>(i)], "id-" + std::to_string(i));
  for (int i = 0; i < 3; ++i) {
    const auto posted = RuntimeApi::read_request(connections_[static_cast<std::size_t>(i)]);
    const auto id = "id-" + std::to_string(i);
    EXPECT_THAT(posted, HasSubstr("POST /2018-06-01/runtime/invocation/" + id + "/response "));
    EXPECT_THAT(posted, HasSubstr("\r\n\r\n" + id + " \"" + id + "\""));
  }
  for (const int fd : connections_) ::shutdown(fd, SHUT_RDWR);
  ::shutdown(listener_, SHUT_RDWR);
  EXPECT_EQ(exit_code(), 1) << "the Runtime API is gone";
}

TEST_F(ServeSeveral, TheTraceOfOneIsInTheEnvironmentOnlyWhereOneRuns) {
  for (const char* at_once : {"1", "2"}) {
    start(at_once, [](invocation_request const&) {
      const char* trace = std::getenv("_X_AMZN_TRACE_ID");
      return invocation_response::success(trace == nullptr ? "none" : trace, "text/plain");
    });
    const int fd = accept_next();
    const auto text = fixed(200, "{}", kIds);
    EXPECT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    const std::string expected = *at_once == '1' ? "Root=1" : "none";
    EXPECT_THAT(RuntimeApi::read_request(fd), HasSubstr("\r\n\r\n" + expected));
    ::kill(child_, SIGKILL);
    EXPECT_EQ(exit_code(), -1);
  }
}

TEST(NativeRuntime, KnowsItsVersion) {
  EXPECT_EQ(get_version(), std::to_string(get_version_major()) + "." + std::to_string(get_version_minor()) + "." +
                               std::to_string(get_version_patch()));
}

}  // namespace
}  // namespace aws::lambda_runtime
