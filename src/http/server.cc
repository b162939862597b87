#include "http/server.h"

#include "base/log.h"
#include "http/response_head.h"
#include "http/session.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <set>

namespace gust::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

class SessionServer final : public Server {
 public:
  SessionServer(async::Executor executor, ServerSettings settings)
      : executor_(executor), settings_(settings), tasks_(executor, "http") {}

  Result<void> serve(int listening_fd, Handler handler, std::shared_ptr<Tls> tls) override {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    if (::getsockname(listening_fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      return fail_errno("http: the listening socket", errno);
    }
    auto acceptor = std::make_shared<tcp::acceptor>(executor_);
    boost::system::error_code error;
    acceptor->assign(address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), listening_fd, error);
    if (error) return fail(Code::kInvalid, "http: the listening socket: " + error.message());
    acceptors_.insert(acceptor);
    tasks_.spawn(accept(acceptor, std::make_shared<const Handler>(std::move(handler)), std::move(tls)));
    return {};
  }

  async::Task<void> stop(SteadyTime deadline) override {
    stopping_ = true;
    for (const auto& acceptor : acceptors_) acceptor->close();
    for (const auto& session : sessions_) session->finish();
    if (!co_await tasks_.drain(deadline)) GUST_WARN("http: {} requests did not finish in time", tasks_.size());
    co_return co_await tasks_.stop();
  }

 private:
  async::Task<void> accept(std::shared_ptr<tcp::acceptor> acceptor, std::shared_ptr<const Handler> handler,
                           std::shared_ptr<Tls> tls) {
    while (!stopping_ && acceptor->is_open()) {
      auto [error, socket] = co_await acceptor->async_accept(kToken);
      if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) break;
      if (error) {
        GUST_WARN("http: accept: {}", error.message());
        // Out of file descriptors: a connection must end first.
        if (!co_await async::sleep_for(Millis(50))) break;
        continue;
      }
      if (stopping_) break;
      if (sessions_.size() >= settings_.max_connections) {
        tasks_.spawn(turn_away(std::move(socket)));
      } else {
        tasks_.spawn(run(make_session(std::move(socket), settings_, handler, random_, tls.get())));
      }
    }
    acceptors_.erase(acceptor);
    co_return Result<void>{};
  }

  async::Task<void> run(std::shared_ptr<Session> session) {
    sessions_.insert(session);
    auto result = co_await session->run();
    sessions_.erase(session);
    co_return result;
  }

  async::Task<void> turn_away(tcp::socket socket) {
    const auto bytes = last_words(
        503, fmt::format("there are {} connections already; try again later\n", settings_.max_connections));
    co_await asio::async_write(socket, asio::buffer(bytes), kToken);
    co_return Result<void>{};
  }

  async::Executor executor_;
  ServerSettings settings_;
  env::SystemRandom random_;
  std::set<std::shared_ptr<tcp::acceptor>> acceptors_;
  std::set<std::shared_ptr<Session>> sessions_;
  bool stopping_ = false;
  async::TaskGroup tasks_;
};

}  // namespace

std::unique_ptr<Server> make_server(async::Executor executor, ServerSettings settings) {
  return std::make_unique<SessionServer>(executor, settings);
}

Result<Listener> listen_tcp(const std::string& address, std::uint16_t port) {
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) return fail(Code::kInvalid, fmt::format("'{}' is not an IP address", address), "address");
  const tcp::endpoint endpoint(ip, port);
  const int fd = ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0) return fail_errno("making a socket", errno);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 || ::listen(fd, 1024) != 0) {
    const int number = errno;
    ::close(fd);
    return fail(number == EADDRINUSE ? Code::kUnavailable : Code::kInvalid,
                fmt::format("cannot listen on {}:{}: {}", address, port, std::strerror(number)), "address");
  }
  tcp::endpoint bound;
  socklen_t length = static_cast<socklen_t>(bound.capacity());
  if (::getsockname(fd, bound.data(), &length) != 0) return fail_errno("the listening socket", errno);
  bound.resize(length);
  return Listener{fd, bound.port()};
}

}  // namespace gust::http
