// The server and the client over real loopback sockets; malformed bytes by raw sockets.
#include "async/testing.h"
#include "http/client.h"
#include "http/testing.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gust::http {
namespace {

using async::Task;

// A server on a thread of its own that echoes what it saw.
class Http : public ::testing::Test {
 protected:
  void SetUp() override { start(ServerSettings{.max_header_bytes = 4096}); }
  void TearDown() override { stop(); }

  void start(ServerSettings settings) {
    server_.start(settings, [this](RequestContext c, Request r) { return echo(std::move(c), std::move(r)); });
  }
  void stop() { server_.stop(); }

  Task<Response> echo(RequestContext, Request request) {
    Response response;
    if (request.path == "/unread") co_return response;
    if (request.path == "/error") co_return fail(Code::kInternal, "a secret detail");
    if (request.path == "/throw") throw std::runtime_error("a secret detail");
    auto body = co_await async::read_all(*request.body, 200 << 20);
    if (!body) {
      response.status = 400;
      response.body = "broken body";
      co_return response;
    }
    const auto trailers = request.trailers ? *request.trailers : Headers();
    for (const auto& [name, value] : trailers.all()) response.headers.add("x-trailer", name + "=" + value);
    response.headers.add("x-saw", request.method + " " + request.path + "?" + request.query);
    if (request.path == "/stream")
      response.stream = async::from_string(std::move(*body));
    else if (request.path == "/chunks")
      response.stream = std::make_unique<Unsized>(async::from_string(std::move(*body)));
    else
      response.body = std::move(*body);
    co_return response;
  }

  struct Unsized final : async::ByteSource {
    explicit Unsized(std::unique_ptr<ByteSource> inner) : inner(std::move(inner)) {}
    Task<std::size_t> read(std::span<std::byte> out) override { return inner->read(out); }
    std::unique_ptr<ByteSource> inner;
  };

  int connect() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }

  // Sends bytes, reads until the server closes.
  std::string talk(std::string_view bytes) const {
    const int fd = connect();
    EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    std::string all;
    char piece[4096];
    for (ssize_t n = 0; (n = ::read(fd, piece, sizeof piece)) > 0;) all.append(piece, static_cast<std::size_t>(n));
    ::close(fd);
    return all;
  }

  struct Answer {
    Response head;
    std::string body;
  };
  Result<Answer> send(std::string method, std::string target, std::string body) {
    boost::asio::io_context loop;
    return async::testing::run(loop, [&]() -> Task<Answer> {
      const auto client = make_client(loop.get_executor());
      Request request;
      request.method = method;
      request.target = target;
      request.body = async::from_string(body);
      Answer answer;
      const Origin to{"127.0.0.1", server_.port()};
      GUST_CO_TRY(answer.head, co_await client->send(to, std::move(request), SteadyTime::max()));
      GUST_CO_TRY(answer.body, co_await async::read_all(*answer.head.stream, 200 << 20));
      co_return answer;
    });
  }

  testing::RunningServer server_;
};

TEST_F(Http, RoundTrips) {
  for (const auto* path : {"/plain", "/stream", "/chunks"}) {
    for (const std::size_t size : {0, 1, 65536, 5'000'000}) {
      const std::string body(size, 'b');
      const auto answer = send("POST", std::string(path) + "?a=1&b", body);
      ASSERT_TRUE(answer) << answer.error().message;
      EXPECT_EQ(answer->head.status, 200);
      EXPECT_EQ(answer->body, body);
      EXPECT_EQ(answer->head.headers.get("X-SAW"), "POST " + std::string(path) + "?a=1&b");
    }
  }
}

TEST_F(Http, TheClientReusesAConnection) {
  boost::asio::io_context loop;
  const auto same = async::testing::run(loop, [&]() -> Task<int> {
    const auto client = make_client(loop.get_executor());
    for (int i = 0; i < 3; ++i) {
      Request request;
      request.method = "GET";
      request.target = "/";
      const Origin to{"127.0.0.1", server_.port()};
      GUST_CO_TRY(auto response, co_await client->send(to, std::move(request), SteadyTime::max()));
      GUST_CO_CHECK(co_await async::read_all(*response.stream, 100));
    }
    co_return 1;
  });
  EXPECT_EQ(same, 1);
}

TEST_F(Http, HeadHasTheLengthAndNoBody) {
  const auto text = talk("HEAD /plain HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc");
  EXPECT_NE(text.find("Content-Length: 3\r\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

TEST_F(Http, ChunkedBodiesGiveTheirTrailers) {
  const auto text = talk(
      "POST /plain HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\nConnection: close\r\n\r\n"
      "3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\nx-sum: 42\r\n\r\n");
  EXPECT_TRUE(text.ends_with("abcdefg")) << text;
  EXPECT_NE(text.find("x-trailer: x-sum=42"), std::string::npos) << text;
}

TEST_F(Http, TrailersOfANameThatIsAlsoAHeaderAreTrailers) {
  const auto text = talk(
      "POST /plain HTTP/1.1\r\nHost: x\r\nX-Sum: 1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
      "X-Last: 2\r\n\r\n"
      "3\r\nabc\r\n0\r\nx-sum: 42\r\n\r\n");
  EXPECT_NE(text.find("x-trailer: x-sum=42"), std::string::npos) << text;
  EXPECT_EQ(text.find("X-Last="), std::string::npos) << text;
}

TEST_F(Http, TakesAbsoluteTargets) {
  const auto ask = [&](std::string target) {
    return talk("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  };
  EXPECT_NE(ask("http://h:1/plain?a=1").find("x-saw: GET /plain?a=1"), std::string::npos);
  EXPECT_NE(ask("HTTP://h").find("x-saw: GET /?"), std::string::npos);
  EXPECT_NE(ask("http://h?q").find("x-saw: GET /?q"), std::string::npos);
  for (const auto* bad : {"plain", "ftp://h/", "http:///x", "http://u@h/x"})
    EXPECT_TRUE(ask(bad).starts_with("HTTP/1.1 400")) << bad;
}

TEST_F(Http, PipelinedRequestsAreAnsweredInOrder) {
  const auto text = talk(
      "GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nxx"
      "GET /two HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_LT(text.find("GET /one"), text.find("GET /two"));
  EXPECT_NE(text.find("GET /two"), std::string::npos);
}

TEST_F(Http, ContinueIsAskedForOnlyWhenTheBodyIsRead) {
  const int fd = connect();
  const std::string_view head =
      "POST /plain HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n";
  ASSERT_EQ(::send(fd, head.data(), head.size(), 0), static_cast<ssize_t>(head.size()));
  char piece[4096];
  const auto n = ::read(fd, piece, sizeof piece);
  ASSERT_GT(n, 0);
  EXPECT_EQ(std::string_view(piece, static_cast<std::size_t>(n)), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_EQ(::send(fd, "abc", 3, 0), 3);
  std::string all;
  for (ssize_t m = 0; (m = ::read(fd, piece, sizeof piece)) > 0;) all.append(piece, static_cast<std::size_t>(m));
  EXPECT_TRUE(all.ends_with("abc"));
  ::close(fd);
  const auto unread = talk("POST /unread HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_TRUE(unread.starts_with("HTTP/1.1 200 OK")) << unread;
}

TEST_F(Http, MalformedRequestsGet400) {
  for (const auto* bytes : {
           "nonsense\r\n\r\n",
           "GET / HTTP/9.9\r\n\r\n",
           "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
           "GET / HTTP/1.1\r\nBad Header: x\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
           "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
           "GET / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
       }) {
    const auto answer = talk(bytes);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << bytes << " -> " << answer;
  }
}

TEST_F(Http, AnEndlessChunkExtensionIsRefused) {
  const auto answer =
      talk("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;" + std::string(200'000, 'e'));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer.substr(0, 100);
}

TEST_F(Http, AnEarlyAnswerReachesAClientThatStillSends) {
  // Far more than the server reads away before it answers, and than the sockets hold.
  const auto answer = send("POST", "/unread", std::string(20 << 20, 'x'));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->head.status, 200);
}

TEST_F(Http, ALongHeaderGets431) {
  const auto answer = talk("GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(5000, 'x') + "\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 431 ")) << answer;
}

TEST_F(Http, AFailingHandlerAnswers500WithoutDetail) {
  for (const auto* path : {"/error", "/throw"}) {
    const auto answer = send("GET", path, "");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->head.status, 500);
    EXPECT_EQ(answer->body.find("secret"), std::string::npos);
  }
}

TEST_F(Http, AnIdleConnectionIsClosed) {
  stop();
  start(ServerSettings{.idle_timeout = Millis(20)});
  EXPECT_EQ(talk(""), "");
  EXPECT_EQ(talk("GET / HT"), "");
}

TEST_F(Http, PastTheMostConnectionsTheAnswerIs503) {
  stop();
  start(ServerSettings{.max_connections = 0});
  EXPECT_TRUE(talk("").starts_with("HTTP/1.1 503 "));
}

TEST_F(Http, NothingListensAfterStop) {
  const int idle = connect();
  constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_EQ(::write(idle, kRequest.data(), kRequest.size()), static_cast<ssize_t>(kRequest.size()));
  char buffer[4096];
  ASSERT_GT(::read(idle, buffer, sizeof(buffer)), 0) << "answered: so it was accepted";
  stop();
  ssize_t rest = 0;
  while ((rest = ::read(idle, buffer, sizeof(buffer))) > 0) {
  }
  EXPECT_EQ(rest, 0);
  ::close(idle);
  const auto refused = send("GET", "/", "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
}

TEST(Listen, NamesWhatIsWrong) {
  EXPECT_EQ(listen_tcp("nowhere", 1).error().code, Code::kInvalid);
  const auto first = listen_tcp("127.0.0.1", 0);
  ASSERT_TRUE(first);
  const auto taken = listen_tcp("127.0.0.1", first->port);
  EXPECT_EQ(taken.error().code, Code::kUnavailable);
  ::close(first->fd);
}

TEST(Headers, WithoutRegardToCaseRepeatsKept) {
  Headers headers;
  headers.add("A", "1");
  headers.add("a", "2");
  headers.add("b", "3");
  EXPECT_EQ(headers.get("a"), "1");
  EXPECT_EQ(headers.all().size(), 3u);
  headers.set("A", "4");
  EXPECT_EQ(headers.get("a"), "4");
  EXPECT_EQ(headers.all().size(), 2u);
  EXPECT_FALSE(headers.contains("c"));
}

}  // namespace
}  // namespace gust::http
