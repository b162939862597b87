#include "http/client.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <fmt/format.h>

#include <array>
#include <map>

namespace gust::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kPiece = 64 << 10;
constexpr std::size_t kMaxIdle = 16;  // connections kept for each address

struct Link {
  beast::tcp_stream stream;
  beast::flat_buffer buffer;
  SteadyTime deadline = SteadyTime::max();
  bool reused = false;
};

using Address = std::pair<std::string, std::uint16_t>;
using Idle = std::multimap<Address, std::unique_ptr<Link>>;

std::unexpected<Error> failure(const Address& address, const boost::system::error_code& error) {
  const auto code = error == beast::error::timeout ? Code::kTimeout : Code::kUnavailable;
  return fail(code, fmt::format("{}:{}: {}", address.first, address.second, error.message()), "connection");
}

// The response's body; gives the connection back when it was read to its end.
class ResponseBody final : public async::ByteSource {
 public:
  ResponseBody(Address address, std::unique_ptr<Link> link,
               std::unique_ptr<bhttp::response_parser<bhttp::buffer_body>> parser, std::weak_ptr<Idle> idle)
      : address_(std::move(address)), link_(std::move(link)), parser_(std::move(parser)), idle_(std::move(idle)) {
    if (parser_->is_done()) give_back();
  }

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    while (link_ && !parser_->is_done()) {
      auto& body = parser_->get().body();
      body.data = out.data();
      body.size = out.size();
      if (link_->deadline != SteadyTime::max()) link_->stream.expires_at(link_->deadline);
      auto [error, n] = co_await bhttp::async_read_some(link_->stream, link_->buffer, *parser_, kToken);
      if (error == bhttp::error::need_buffer) error = {};
      if (error) {
        link_.reset();
        co_return failure(address_, error);
      }
      if (const auto got = out.size() - body.size; got > 0) co_return got;
    }
    if (link_) give_back();
    co_return 0;
  }

  std::optional<std::uint64_t> remaining() const override {
    if (parser_->is_done()) return 0;
    if (const auto left = parser_->content_length_remaining()) return *left;
    return std::nullopt;
  }

 private:
  void give_back() {
    const auto idle = idle_.lock();
    if (idle && parser_->keep_alive() && idle->count(address_) < kMaxIdle) {
      link_->stream.expires_never();
      link_->buffer.shrink_to_fit();
      idle->emplace(address_, std::move(link_));
    }
    link_.reset();
  }

  Address address_;
  std::unique_ptr<Link> link_;
  std::unique_ptr<bhttp::response_parser<bhttp::buffer_body>> parser_;
  std::weak_ptr<Idle> idle_;
};

class BeastClient final : public Client {
 public:
  explicit BeastClient(async::Executor executor) : executor_(executor) {}

  async::Task<Response> send(std::string host, std::uint16_t port, Request request, SteadyTime deadline) override {
    const Address address(std::move(host), port);
    GUST_CO_TRY(auto link, co_await connect(address, deadline));
    link->deadline = deadline;
    if (deadline == SteadyTime::max()) {
      link->stream.expires_never();
    } else {
      link->stream.expires_at(deadline);
    }
    const bool head_only = request.method == "HEAD";
    GUST_CO_CHECK(co_await write(address, *link, std::move(request)));
    auto parser = std::make_unique<bhttp::response_parser<bhttp::buffer_body>>();
    parser->body_limit(boost::none);
    parser->skip(head_only);
    do {
      const auto [error, n] = co_await bhttp::async_read_header(link->stream, link->buffer, *parser, kToken);
      if (error) co_return failure(address, error);
      if (parser->get().result_int() != 100) break;
      parser = std::make_unique<bhttp::response_parser<bhttp::buffer_body>>();
      parser->body_limit(boost::none);
    } while (true);
    const auto left = parser->content_length_remaining();
    if (!left || *left > kPiece) link->buffer.reserve(kPiece);  // else Beast reads by 512 bytes
    Response response;
    response.status = static_cast<int>(parser->get().result_int());
    for (const auto& field : parser->get()) {
      const auto name = field.name_string(), value = field.value();
      response.headers.add({name.data(), name.size()}, {value.data(), value.size()});
    }
    if (const auto length = parser->content_length()) response.content_length = *length;
    response.stream = std::make_unique<ResponseBody>(address, std::move(link), std::move(parser), idle_);
    co_return response;
  }

 private:
  async::Task<std::unique_ptr<Link>> connect(Address address, SteadyTime deadline) {
    while (true) {
      const auto it = idle_->find(address);
      if (it == idle_->end()) break;
      auto link = std::move(it->second);
      idle_->erase(it);
      // A connection that the server has closed meanwhile is readable, with an end or an error.
      boost::system::error_code error;
      char byte = 0;
      link->stream.socket().non_blocking(true, error);
      link->stream.socket().receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
      if (error != asio::error::would_block) continue;
      co_return link;
    }
    tcp::resolver resolver(executor_);
    const auto [resolve_error, endpoints] =
        co_await resolver.async_resolve(address.first, std::to_string(address.second), kToken);
    if (resolve_error) co_return failure(address, resolve_error);
    auto link = std::make_unique<Link>(beast::tcp_stream(executor_));
    if (deadline != SteadyTime::max()) link->stream.expires_at(deadline);
    const auto [error, endpoint] = co_await link->stream.async_connect(endpoints, kToken);
    if (error) co_return failure(address, error);
    boost::system::error_code ignored;
    link->stream.socket().set_option(tcp::no_delay(true), ignored);
    co_return link;
  }

  async::Task<void> write(Address address, Link& link, Request request) {
    std::string head = fmt::format("{} {} HTTP/1.1\r\n", request.method, request.target);
    if (!request.headers.contains("host"))
      request.headers.add("Host", fmt::format("{}:{}", address.first, address.second));
    std::optional<std::uint64_t> length = request.content_length;
    if (!length && request.body) length = request.body->remaining();
    if (!request.body) length = 0;
    request.headers.erase("transfer-encoding");
    if (length) {
      request.headers.set("Content-Length", std::to_string(*length));
    } else {
      request.headers.set("Transfer-Encoding", "chunked");
    }
    for (const auto& [name, value] : request.headers.all()) head += name + ": " + value + "\r\n";
    head += "\r\n";
    const auto [error, n] = co_await asio::async_write(link.stream, asio::buffer(head), kToken);
    if (error) co_return failure(address, error);
    if (!request.body || length == 0) co_return Result<void>{};
    std::string piece(kPiece, '\0');
    for (;;) {
      GUST_CO_TRY(const auto got, co_await request.body->read(std::as_writable_bytes(std::span(piece))));
      std::string framing = length ? "" : fmt::format("{:x}\r\n", got);
      const std::string_view end = length ? "" : "\r\n";
      const std::array<asio::const_buffer, 3> buffers = {asio::buffer(framing), asio::buffer(piece.data(), got),
                                                         asio::buffer(end)};
      const auto [body_error, written] = co_await asio::async_write(link.stream, buffers, kToken);
      if (body_error) co_return failure(address, body_error);
      if (got == 0) co_return Result<void>{};
    }
  }

  async::Executor executor_;
  std::shared_ptr<Idle> idle_ = std::make_shared<Idle>();
};

}  // namespace

std::unique_ptr<Client> make_client(async::Executor executor) { return std::make_unique<BeastClient>(executor); }

}  // namespace gust::http
