// Any bytes on a connection of the server: answered or refused, and the connection ends when they do.
#include "fuzz/fuzz.h"
#include "http/server.h"

#include <boost/asio/io_context.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace {

using namespace gust;

sockaddr_un address() {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;  // a name of the abstract space: no file
  ::snprintf(at.sun_path + 1, sizeof(at.sun_path) - 1, "gust-fuzz-http-%d", static_cast<int>(::getpid()));
  return at;
}

async::Task<http::Response> answer(RequestContext, http::Request request) {
  http::Response response;
  const auto body = co_await async::read_all(*request.body, 1 << 20);
  response.status = body ? 200 : 400;
  response.body = request.method + " " + request.path;
  co_return response;
}

struct House {
  House() : server(http::make_server(loop.get_executor(), {.max_header_bytes = 2048})) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto at = address();
    GUST_ASSERT(::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0 && ::listen(fd, 16) == 0);
    GUST_ASSERT(server->serve(fd, answer).has_value());
  }
  boost::asio::io_context loop;
  std::unique_ptr<http::Server> server;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static House* const house = new House;  // never ended: the loop must outlive what runs in it
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto at = address();
  GUST_ASSERT(::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0);
  (void)::send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(fd, SHUT_WR);
  char buffer[4096];
  for (int turns = 0;; ++turns) {
    house->loop.restart();
    house->loop.run_one_for(std::chrono::milliseconds(20));
    const auto got = ::recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN)) break;
    GUST_ASSERT(turns < 10'000);
  }
  ::close(fd);
  return 0;
}
