#include "http/client.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>

#include <array>
#include <map>

namespace gust::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kPiece = 64 << 10;
constexpr std::size_t kMaxIdle = 16;  // connections kept for each address

struct Link {
  beast::tcp_stream stream;
  std::optional<ssl::stream<beast::tcp_stream&>> tls;
  beast::flat_buffer buffer;
  SteadyTime deadline = SteadyTime::max();

  // What bytes go through: `use` is called with one stream or the other.
  auto through(auto use) { return tls ? use(*tls) : use(stream); }
};

using Idle = std::multimap<Origin, std::unique_ptr<Link>>;

std::unexpected<Error> failure(const Origin& to, const boost::system::error_code& error) {
  const auto code = error == beast::error::timeout ? Code::kTimeout : Code::kUnavailable;
  return fail(code, fmt::format("{}:{}: {}", to.host, to.port, error.message()), "connection");
}

std::unexpected<Error> no_handshake(const Origin& to, SSL* session, const boost::system::error_code& error) {
  const auto doubt = ::SSL_get_verify_result(session);
  if (doubt != X509_V_OK) {
    return fail(Code::kUnavailable,
                fmt::format("{}:{}: its certificate is not trusted: {}", to.host, to.port,
                            ::X509_verify_cert_error_string(doubt)),
                "certificate");
  }
  if (error.category() != asio::error::get_ssl_category()) return failure(to, error);
  const bool other = ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_WRONG_VERSION_NUMBER;
  return fail(Code::kUnavailable,
              fmt::format("{}:{}: {}", to.host, to.port, other ? "does not speak TLS" : error.message()), "tls");
}

// The certificate must be of this host, which a server with several is told. False where OpenSSL cannot hold it to
// that, as of an IPv6 address with a zone: then nothing may be sent.
bool expect_host(SSL* session, const std::string& host) {
  boost::system::error_code no_address;
  asio::ip::make_address(host, no_address);
  if (!no_address) return ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(session), host.c_str()) == 1;
  return ::SSL_set_tlsext_host_name(session, host.c_str()) == 1 && ::SSL_set1_host(session, host.c_str()) == 1;
}

// The response's body; gives the connection back when it was read to its end.
class ResponseBody final : public async::ByteSource {
 public:
  ResponseBody(Origin from, std::unique_ptr<Link> link,
               std::unique_ptr<bhttp::response_parser<bhttp::buffer_body>> parser, std::weak_ptr<Idle> idle)
      : from_(std::move(from)), link_(std::move(link)), parser_(std::move(parser)), idle_(std::move(idle)) {
    if (parser_->is_done()) give_back();
  }

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    while (link_ && !parser_->is_done()) {
      auto& body = parser_->get().body();
      body.data = out.data();
      body.size = out.size();
      if (link_->deadline != SteadyTime::max()) link_->stream.expires_at(link_->deadline);
      auto reading = link_->through(
          [&](auto& stream) { return bhttp::async_read_some(stream, link_->buffer, *parser_, kToken); });
      auto [error, n] = co_await std::move(reading);
      if (error == bhttp::error::need_buffer) error = {};
      if (error) {
        link_.reset();
        co_return failure(from_, error);
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
    if (idle && parser_->keep_alive() && idle->count(from_) < kMaxIdle) {
      link_->stream.expires_never();
      link_->buffer.shrink_to_fit();
      idle->emplace(from_, std::move(link_));
    }
    link_.reset();
  }

  Origin from_;
  std::unique_ptr<Link> link_;
  std::unique_ptr<bhttp::response_parser<bhttp::buffer_body>> parser_;
  std::weak_ptr<Idle> idle_;
};

class BeastClient final : public Client {
 public:
  BeastClient(async::Executor executor, std::string authorities)
      : executor_(executor), authorities_(std::move(authorities)) {}

  async::Task<Response> send(Origin to, Request request, SteadyTime deadline) override {
    GUST_CO_TRY(auto link, co_await connect(to, deadline));
    link->deadline = deadline;
    if (deadline == SteadyTime::max()) {
      link->stream.expires_never();
    } else {
      link->stream.expires_at(deadline);
    }
    const bool head_only = request.method == "HEAD";
    GUST_CO_CHECK(co_await write(to, *link, std::move(request)));
    auto parser = std::make_unique<bhttp::response_parser<bhttp::buffer_body>>();
    parser->body_limit(boost::none);
    parser->skip(head_only);
    do {
      auto reading = link->through(
          [&](auto& stream) { return bhttp::async_read_header(stream, link->buffer, *parser, kToken); });
      const auto [error, n] = co_await std::move(reading);
      if (error) co_return failure(to, error);
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
    response.stream = std::make_unique<ResponseBody>(std::move(to), std::move(link), std::move(parser), idle_);
    co_return response;
  }

 private:
  async::Task<std::unique_ptr<Link>> connect(Origin to, SteadyTime deadline) {
    while (true) {
      const auto it = idle_->find(to);
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
        co_await resolver.async_resolve(to.host, std::to_string(to.port), kToken);
    if (resolve_error) co_return failure(to, resolve_error);
    auto link = std::make_unique<Link>(beast::tcp_stream(executor_));
    if (deadline != SteadyTime::max()) link->stream.expires_at(deadline);
    const auto [error, endpoint] = co_await link->stream.async_connect(endpoints, kToken);
    if (error) co_return failure(to, error);
    boost::system::error_code ignored;
    link->stream.socket().set_option(tcp::no_delay(true), ignored);
    if (to.tls) GUST_CO_CHECK(co_await shake_hands(to, *link));
    co_return link;
  }

  async::Task<void> shake_hands(Origin to, Link& link) {
    if (!context_) {
      GUST_CO_TRY(context_, make_context());
    }
    link.tls.emplace(link.stream, *context_);
    if (!expect_host(link.tls->native_handle(), to.host)) {
      co_return fail(Code::kUnavailable,
                     fmt::format("{}:{}: no certificate can be held to this name", to.host, to.port), "certificate");
    }
    const auto [error] = co_await link.tls->async_handshake(ssl::stream_base::client, kToken);
    if (error) co_return no_handshake(to, link.tls->native_handle(), error);
    co_return Result<void>{};
  }

  Result<std::unique_ptr<ssl::context>> make_context() const {
    auto out = std::make_unique<ssl::context>(ssl::context::tls_client);
    boost::system::error_code error;
    out->set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1, error);
    out->set_verify_mode(ssl::verify_peer, error);
    if (authorities_.empty()) {
      out->set_default_verify_paths(error);
    } else {
      out->load_verify_file(authorities_, error);
    }
    if (!error) return out;
    return fail(Code::kInvalid, fmt::format("the certificates '{}' cannot be used: {}", authorities_, error.message()),
                "tls");
  }

  async::Task<void> write(Origin to, Link& link, Request request) {
    std::string head = fmt::format("{} {} HTTP/1.1\r\n", request.method, request.target);
    if (!request.headers.contains("host"))
      request.headers.add("Host", to.authority());
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
    auto writing = link.through([&](auto& stream) { return asio::async_write(stream, asio::buffer(head), kToken); });
    const auto [error, n] = co_await std::move(writing);
    if (error) co_return failure(to, error);
    if (!request.body || length == 0) co_return Result<void>{};
    std::string piece(kPiece, '\0');
    for (;;) {
      GUST_CO_TRY(const auto got, co_await request.body->read(std::as_writable_bytes(std::span(piece))));
      std::string framing = length ? "" : fmt::format("{:x}\r\n", got);
      const std::string_view end = length ? "" : "\r\n";
      const std::array<asio::const_buffer, 3> buffers = {asio::buffer(framing), asio::buffer(piece.data(), got),
                                                         asio::buffer(end)};
      auto sending = link.through([&](auto& stream) { return asio::async_write(stream, buffers, kToken); });
      const auto [body_error, written] = co_await std::move(sending);
      if (body_error) co_return failure(to, body_error);
      if (got == 0) co_return Result<void>{};
    }
  }

  async::Executor executor_;
  std::string authorities_;
  std::unique_ptr<ssl::context> context_;  // made when it is first needed
  std::shared_ptr<Idle> idle_ = std::make_shared<Idle>();
};

}  // namespace

std::unique_ptr<Client> make_client(async::Executor executor, std::string authorities) {
  return std::make_unique<BeastClient>(executor, std::move(authorities));
}

}  // namespace gust::http
