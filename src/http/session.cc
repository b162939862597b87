#include "http/session.h"

#include "base/log.h"
#include "http/response_head.h"
#include "http/tls.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>

#include <array>
#include <map>
#include <type_traits>
#include <utility>

namespace gust::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kPiece = 64 << 10, kHeadPiece = 16 << 10;
constexpr Millis kShortestLook{10}, kLongestLook{60'000};
constexpr std::uint64_t kLingerBytes = 64 << 20;
constexpr Millis kLingerTime{5'000};
constexpr std::size_t kFramingRoom = 64 << 10;  // buffered beside a header: a piece of body, chunk extensions, trailers
constexpr std::uint64_t kSentAtOnce = 32 << 10;  // responses of so many bytes
constexpr std::uint64_t kDrainLimit = 256 << 10;  // an unread body longer than this costs the connection instead

using Parser = bhttp::request_parser<bhttp::buffer_body>;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

// Where the authority of "http://host/path" (RFC 9112, 3.2.2) begins and ends; empty for "/path".
std::string_view authority_of(std::string_view target) {
  const auto scheme = lower(target.substr(0, 8));
  if (!scheme.starts_with("http://") && scheme != "https://") return {};
  target.remove_prefix(scheme == "https://" ? 8 : 7);
  return target.substr(0, target.find_first_of("/?#"));
}

// Takes scheme and authority off an absolute target; answers the authority.
std::string take_authority(std::string& target) {
  const auto authority = authority_of(target);
  if (authority.empty()) return {};
  std::string out(authority);
  target.erase(0, static_cast<std::size_t>(authority.data() + authority.size() - target.data()));
  if (!target.starts_with('/')) target.insert(0, "/");
  return out;
}

// Origin form, absolute form of HTTP without a user, or the asterisk.
bool is_target(std::string_view target) {
  if (target.starts_with('/') || target == "*") return true;
  const auto authority = authority_of(target);
  return !authority.empty() && authority.find('@') == std::string_view::npos;
}

using TlsStream = asio::ssl::stream<tcp::socket>;

// Over a tcp::socket or a TlsStream.
template <typename Stream>
class StreamSession final : public Session, public std::enable_shared_from_this<StreamSession<Stream>> {
 public:
  StreamSession(Stream stream, const ServerSettings& settings, std::shared_ptr<const Handler> handler,
                env::Random& random)
      : stream_(std::move(stream)),
        watchdog_(stream_.get_executor()),
        settings_(settings),
        handler_(std::move(handler)),
        random_(random),
        buffer_(settings.max_header_bytes + kFramingRoom) {}

  async::Task<void> run() override {
    const auto self = this->shared_from_this();
    boost::system::error_code ignored;
    socket().set_option(tcp::no_delay(true), ignored);
    socket().non_blocking(true, ignored);
    const auto peer = socket().remote_endpoint(ignored);
    if (!ignored) peer_ = peer.address().to_string();
    watch(std::clamp(std::min(settings_.idle_timeout, settings_.read_timeout) / 4, kShortestLook, kLongestLook));
    if (co_await shake_hands()) {
      while (!finishing_ && co_await serve_one()) {
      }
    }
    co_await linger();
    watchdog_.cancel();
    socket().close(ignored);
    co_return Result<void>{};
  }

  void finish() override {
    finishing_ = true;
    boost::system::error_code ignored;
    if (!busy_) socket().cancel(ignored);
  }

  // The body of the request that runs, piece by piece.
  async::Task<std::size_t> read_body(std::uint64_t serial, std::span<std::byte> out) {
    if (serial != serial_) co_return fail(Code::kCancelled, "the request is over", "body");
    if (broken_) co_return fail(Code::kInvalid, "the body broke off", "body");
    if (continue_wanted_) {
      continue_wanted_ = false;
      constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      expire_after(settings_.read_timeout);
      const auto [error, n] = co_await asio::async_write(stream_, asio::buffer(kContinue), kToken);
      deadline_ = SteadyTime::max();
      if (error) co_return broken(error);
    }
    if (body_left_) co_return co_await read_plain(out);
    while (!parser_->is_done()) {
      auto& body = parser_->get().body();
      body.data = out.data();
      body.size = out.size();
      expire_after(settings_.read_timeout);
      auto [error, n] = co_await bhttp::async_read_some(stream_, buffer_, *parser_, kToken);
      deadline_ = SteadyTime::max();
      if (error == bhttp::error::need_buffer) error = {};
      if (error) co_return broken(error);
      const auto got = out.size() - body.size;
      if (got > 0) co_return got;
    }
    take_trailers();
    co_return 0;
  }

 private:
  class Body;
  static constexpr bool kIsTls = std::is_same_v<Stream, TlsStream>;

  // A body of known length needs no parser: straight from the socket into `out`, in as large pieces as it has.
  async::Task<std::size_t> read_plain(std::span<std::byte> out) {
    out = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), *body_left_)));
    if (out.empty()) co_return 0;
    std::size_t got = 0;
    if (buffer_.size() > 0) {
      got = asio::buffer_copy(asio::buffer(out.data(), out.size()), buffer_.data());
      buffer_.consume(got);
    } else {
      expire_after(settings_.read_timeout);
      const auto [error, n] = co_await stream_.async_read_some(asio::buffer(out.data(), out.size()), kToken);
      deadline_ = SteadyTime::max();
      if (error) co_return broken(error);
      got = n;
    }
    *body_left_ -= got;
    co_return got;
  }
  bool body_is_over() const { return body_left_ ? *body_left_ == 0 : parser_->is_done(); }

  std::unexpected<Error> broken(const boost::system::error_code& error) {
    broken_ = true;
    if (timed_out_) return fail(Code::kTimeout, "the body broke off: the connection timed out", "body");
    return fail(Code::kInvalid, fmt::format("the body broke off: {}", error.message()), "body");
  }

  tcp::socket& socket() {
    if constexpr (kIsTls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  // False when the client does not speak TLS, where it should.
  asio::awaitable<bool> shake_hands() {
    if constexpr (!kIsTls) {
      co_return true;
    } else {
      Handshake handshake{std::chrono::steady_clock::now(), {}, {}};
      expire_after(settings_.handshake_timeout);
      const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, kToken);
      deadline_ = SteadyTime::max();
      if (error) {
        if (ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST) co_await say_plainly();
        co_return false;
      }
      handshake.ended = std::chrono::steady_clock::now();
      handshake.cipher = ::SSL_get_cipher_name(stream_.native_handle());
      version_ = ::SSL_get_version(stream_.native_handle());
      handshake_ = std::move(handshake);
      co_return true;
    }
  }
  // To a client that sent HTTP where TLS is spoken.
  asio::awaitable<void> say_plainly() {
    const auto bytes = last_words(400, "this port speaks TLS: the address begins with https://\n");
    expire_after(settings_.read_timeout);
    co_await asio::async_write(socket(), asio::buffer(bytes), kToken);
    deadline_ = SteadyTime::max();
  }

  // One request and its response; false when the connection ends.
  asio::awaitable<bool> serve_one() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(settings_.max_header_bytes));
    parser_->body_limit(boost::none);
    parser_->eager(false);
    expire_after(settings_.idle_timeout);
    const auto error = co_await read_header();
    deadline_ = SteadyTime::max();
    if (error) {
      co_await refuse(error);
      co_return false;
    }
    if (const auto why = ambiguity()) {
      co_await refuse_with(400, *why);
      co_return false;
    }
    busy_ = true;
    const bool keep = co_await answer();
    busy_ = false;
    ++serial_;  // a body that the handler kept is over
    co_return keep;
  }

  asio::awaitable<boost::system::error_code> read_header() {
    for (;;) {
      boost::system::error_code error;
      if (buffer_.size() > 0) {
        buffer_.consume(parser_->put(buffer_.data(), error));
        if (error && error != bhttp::error::need_more) co_return error;
        if (parser_->is_header_done()) co_return boost::system::error_code();
      }
      const auto room = std::min(buffer_.max_size() - buffer_.size(), kHeadPiece);
      if (room == 0) co_return make_error_code(bhttp::error::header_limit);
      // Either may have come to be after the last read was over and before this ran: then there was nothing to cancel.
      if (finishing_ || timed_out_) co_return asio::error::operation_aborted;
      const auto [failed, n] = co_await stream_.async_read_some(buffer_.prepare(room), kToken);
      if (failed) co_return failed;
      buffer_.commit(n);
    }
  }

  // A timer for each wait would cost more than what it guards: one looks now and then whether deadline_ has passed.
  void watch(Millis pause) {
    watchdog_.expires_after(pause);
    watchdog_.async_wait([weak = this->weak_from_this(), pause](boost::system::error_code error) {
      const auto self = weak.lock();
      if (error || !self) return;
      if (std::chrono::steady_clock::now() >= self->deadline_) {
        self->timed_out_ = true;
        self->socket().cancel(error);
      }
      self->watch(pause);
    });
  }
  void expire_after(Millis time) { deadline_ = std::chrono::steady_clock::now() + time; }

  // Reads away what the client still sends, for a while: closing with unread bytes would reset the connection and take
  // the answer with it.
  asio::awaitable<void> linger() {
    boost::system::error_code error;
    if (!finishing_) {
      expire_after(kLingerTime);
      watch(kLingerTime);
      if constexpr (kIsTls) {
        if (!version_.empty()) co_await stream_.async_shutdown(kToken);
      }
    }
    socket().shutdown(tcp::socket::shutdown_send, error);
    if (error || finishing_) co_return;
    std::array<char, 16384> scrap;
    for (std::uint64_t total = 0; total < kLingerBytes;) {
      const auto [read_error, n] = co_await socket().async_read_some(asio::buffer(scrap), kToken);
      if (read_error) co_return;
      total += n;
    }
  }

  // What Beast lets pass and RFC 9112 does not: a request that two servers may read as different ones.
  std::optional<std::string> ambiguity() const;

  asio::awaitable<bool> answer();
  asio::awaitable<void> let_others_answer(const Response& response);
  asio::awaitable<void> refuse(boost::system::error_code error);
  asio::awaitable<void> refuse_with(int status, std::string why);
  Request make_request();
  asio::awaitable<Response> handle(RequestContext context, Request request);
  asio::awaitable<bool> write_response(Response response, bool head_only, Connection connection);
  asio::awaitable<bool> write_stream(async::ByteSource& source, Framing framing, std::uint64_t length,
                                     std::string_view head);
  asio::awaitable<bool> write_bytes(std::string_view a, std::string_view b = {});
  asio::awaitable<bool> drain();
  void take_trailers();

  Stream stream_;
  asio::steady_timer watchdog_;
  SteadyTime deadline_ = SteadyTime::max();  // of the read or write that runs
  bool timed_out_ = false;
  const ServerSettings& settings_;
  std::shared_ptr<const Handler> handler_;
  env::Random& random_;
  std::string peer_;
  std::string_view version_;  // of TLS; empty: without
  std::optional<Handshake> handshake_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::optional<std::uint64_t> body_left_;  // of a body that is not chunked
  std::shared_ptr<Headers> trailers_;
  std::map<std::string, std::size_t> header_counts_;  // by name in lower case
  std::uint64_t serial_ = 0;
  bool continue_wanted_ = false;
  bool broken_ = false;
  bool busy_ = false;
  bool finishing_ = false;
};

template <typename Stream>
class StreamSession<Stream>::Body final : public async::ByteSource {
 public:
  Body(std::weak_ptr<StreamSession> session, std::uint64_t serial, std::optional<std::uint64_t> length)
      : session_(std::move(session)), serial_(serial), remaining_(length) {}

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    if (remaining_ == 0) co_return 0;
    const auto session = session_.lock();
    if (!session) co_return fail(Code::kCancelled, "the connection is closed", "body");
    GUST_CO_TRY(const auto n, co_await session->read_body(serial_, out));
    if (remaining_) *remaining_ -= n;
    co_return n;
  }
  std::optional<std::uint64_t> remaining() const override { return remaining_; }

 private:
  std::weak_ptr<StreamSession> session_;
  std::uint64_t serial_;
  std::optional<std::uint64_t> remaining_;
};

template <typename Stream>
Request StreamSession<Stream>::make_request() {
  const auto& head = parser_->get();
  Request request;
  request.method = view(head.method_string());
  request.target = view(head.target());
  const auto authority = take_authority(request.target);
  const auto question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != std::string::npos) request.query = request.target.substr(question + 1);
  for (const auto& field : head)
    request.headers.add(std::string(view(field.name_string())), std::string(view(field.value())));
  if (!authority.empty()) request.headers.set("Host", authority);
  request.peer = peer_;
  request.tls = version_;
  request.handshake = std::exchange(handshake_, std::nullopt);
  if (const auto length = parser_->content_length()) request.content_length = *length;
  if (!parser_->chunked() && !request.content_length) request.content_length = 0;
  body_left_ = request.content_length;
  if (!body_left_) {
    buffer_.reserve(buffer_.max_size());  // else Beast reads chunks by a few hundred bytes
    header_counts_.clear();
    for (const auto& field : head) ++header_counts_[lower(view(field.name_string()))];
  }
  if (body_left_ != 0) request.trailers = trailers_ = std::make_shared<Headers>();
  request.body = std::make_unique<Body>(this->weak_from_this(), serial_, request.content_length);
  return request;
}

// Beast keeps fields of one name together, whether they came before or behind the body.
template <typename Stream>
void StreamSession<Stream>::take_trailers() {
  std::map<std::string, std::size_t> seen;
  for (const auto& field : parser_->get()) {
    const auto name = lower(view(field.name_string()));
    if (++seen[name] > header_counts_[name])
      trailers_->add(std::string(view(field.name_string())), std::string(view(field.value())));
  }
  header_counts_ = std::move(seen);
}

template <typename Stream>
asio::awaitable<Response> StreamSession<Stream>::handle(RequestContext context, Request request) {
  const auto id = context.request_id;
  std::string what;
  try {
    auto response = co_await (*handler_)(std::move(context), std::move(request));
    if (response) co_return *std::move(response);
    what = fmt::format("{}: {}", code_name(response.error().code), response.error().message);
  } catch (const std::exception& e) {
    what = e.what();
  }
  GUST_ERROR("http: request {} failed: {}", id, what);
  Response failed;
  failed.status = 500;
  failed.headers.add("Content-Type", "text/plain");
  failed.headers.add("x-amzn-RequestId", id.str());
  failed.body = "internal error\n";
  co_return failed;
}

template <typename Stream>
asio::awaitable<bool> StreamSession<Stream>::answer() {
  auto request = make_request();
  continue_wanted_ = request.headers.get_or("expect", "").starts_with("100-");
  broken_ = false;
  RequestContext context;
  context.request_id = RequestId(random_.uuid());
  const bool head_only = request.method == "HEAD";
  const bool client_keeps = parser_->keep_alive();
  auto response = co_await handle(std::move(context), std::move(request));
  const bool handler_keeps = response.headers.get_or("connection", "") != "close";
  // An unread body is read away so that the next request can be found, unless it is long or was never sent.
  const bool reusable = client_keeps && handler_keeps && !finishing_ && !broken_ &&
                        (body_is_over() || (!continue_wanted_ && co_await drain()));
  const auto connection = reusable ? Connection::kKeepAlive : Connection::kClose;
  co_await let_others_answer(response);
  const bool written = co_await write_response(std::move(response), head_only, connection);
  co_return written&& reusable;
}

// Sending wakes the client up, which costs more than most else of a small answer, unless it is awake: so the requests
// that have come already are dealt with first, and then all answers are sent. What is large is sent while it is in the
// processor's cache.
template <typename Stream>
asio::awaitable<void> StreamSession<Stream>::let_others_answer(const Response& response) {
  const auto size = response.stream ? response.content_length.value_or(kSentAtOnce) : response.body.size();
  if (size < kSentAtOnce) co_await asio::post(stream_.get_executor(), asio::use_awaitable);
}

template <typename Stream>
asio::awaitable<bool> StreamSession<Stream>::drain() {
  if (body_left_.value_or(0) > kDrainLimit) co_return false;
  std::array<std::byte, 16384> scrap;
  for (std::uint64_t total = 0; total <= kDrainLimit;) {
    const auto n = co_await read_body(serial_, scrap);
    if (!n) co_return false;
    if (*n == 0) co_return true;
    total += *n;
  }
  co_return false;
}

template <typename Stream>
asio::awaitable<void> StreamSession<Stream>::refuse(boost::system::error_code error) {
  Response response;
  if (error == bhttp::error::header_limit) {
    response.status = 431;
    response.body = fmt::format("the request's header is larger than {} bytes\n", settings_.max_header_bytes);
  } else if (error.category() == make_error_code(bhttp::error::bad_method).category() &&
             error != bhttp::error::end_of_stream && error != bhttp::error::partial_message) {
    response.status = 400;
    response.body = fmt::format("not an HTTP request: {}\n", error.message());
  } else {
    co_return;  // the client went away, or was idle for too long
  }
  response.headers.add("Content-Type", "text/plain");
  co_await write_response(std::move(response), false, Connection::kClose);
}

template <typename Stream>
asio::awaitable<void> StreamSession<Stream>::refuse_with(int status, std::string why) {
  Response response;
  response.status = status;
  response.body = std::move(why) + "\n";
  response.headers.add("Content-Type", "text/plain");
  co_await write_response(std::move(response), false, Connection::kClose);
}

template <typename Stream>
std::optional<std::string> StreamSession<Stream>::ambiguity() const {
  const auto& head = parser_->get();
  const auto count = [&](bhttp::field name) {
    return std::distance(head.equal_range(name).first, head.equal_range(name).second);
  };
  if (!is_target(view(head.target()))) return "the request's target is not a path";
  if (count(bhttp::field::content_length) > 1) return "Content-Length is given more than once";
  if (count(bhttp::field::transfer_encoding) > 1 ||
      (head.count(bhttp::field::transfer_encoding) > 0 &&
       !beast::iequals(head[bhttp::field::transfer_encoding], "chunked"))) {
    return "only one Transfer-Encoding is served: chunked";
  }
  if (head[bhttp::field::content_length].find(',') != beast::string_view::npos)
    return "Content-Length is given more than once";
  if (count(bhttp::field::host) > 1) return "Host is given more than once";
  if (head.version() >= 11 && count(bhttp::field::host) == 0) return "HTTP/1.1 needs a Host";
  return std::nullopt;
}

// At once where the socket has room, as it mostly has: no way through the loop then.
template <typename Stream>
asio::awaitable<bool> StreamSession<Stream>::write_bytes(std::string_view a, std::string_view b) {
  std::array<asio::const_buffer, 2> buffers = {asio::buffer(a.data(), a.size()), asio::buffer(b.data(), b.size())};
  if constexpr (!kIsTls) {
    boost::system::error_code error;
    auto n = stream_.write_some(buffers, error);
    if (error && error != asio::error::would_block) co_return false;
    if (n == a.size() + b.size()) co_return true;
    for (auto& buffer : buffers) {
      const auto part = std::min(n, buffer.size());
      buffer += part;
      n -= part;
    }
  }
  expire_after(settings_.read_timeout);
  const auto [failed, rest] = co_await asio::async_write(stream_, buffers, kToken);
  deadline_ = SteadyTime::max();
  co_return !failed;
}

template <typename Stream>
asio::awaitable<bool> StreamSession<Stream>::write_response(Response response, bool head_only, Connection connection) {
  const bool bodiless = response.status == 204 || response.status == 304 || response.status < 200;
  auto length = response.stream ? response.content_length : std::optional<std::uint64_t>(response.body.size());
  if (response.stream && !length) length = response.stream->remaining();
  if (head_only && response.content_length) length = response.content_length;
  const auto framing = bodiless ? Framing::kNone : length ? Framing::kLength : Framing::kChunked;
  const auto now = std::chrono::floor<Millis>(std::chrono::system_clock::now());
  const auto head = response_head(response, framing, length.value_or(0), connection, now);
  if (head_only || bodiless) co_return co_await write_bytes(head);
  if (!response.stream) co_return co_await write_bytes(head, response.body);
  if (framing == Framing::kLength) co_return co_await write_stream(*response.stream, framing, *length, head);
  if (!co_await write_bytes(head)) co_return false;
  co_return co_await write_stream(*response.stream, framing, 0, {});
}

// `head` goes out with the first bytes: one packet for what is small.
template <typename Stream>
asio::awaitable<bool> StreamSession<Stream>::write_stream(async::ByteSource& source, Framing framing,
                                                          std::uint64_t length, std::string_view head) {
  const auto size = framing == Framing::kLength ? std::clamp<std::uint64_t>(length, 1, kPiece) : kPiece;
  const auto piece = std::make_unique_for_overwrite<char[]>(size);
  std::uint64_t sent = 0;
  for (;;) {
    const auto room = std::as_writable_bytes(std::span(piece.get(), size));
    const auto n = co_await source.read(room);
    if (!n) {
      GUST_ERROR("http: a response broke off: {}", n.error().message);
      if (!head.empty()) co_await write_bytes(head);
      co_return false;  // the client sees a short body, not a whole one
    }
    if (*n == 0) break;
    sent += *n;
    if (framing == Framing::kLength && sent > length) co_return false;
    const std::string_view data(piece.get(), *n);
    bool written = false;
    if (framing == Framing::kLength) {
      written = co_await write_bytes(head, data);
      head = {};
    } else {
      const auto prefix = fmt::format("{:x}\r\n", *n);
      written = co_await write_bytes(prefix, data) && co_await write_bytes("\r\n");
    }
    if (!written) co_return false;
  }
  if (framing == Framing::kChunked) co_return co_await write_bytes("0\r\n\r\n");
  if (!head.empty() && !co_await write_bytes(head)) co_return false;
  co_return sent == length;
}

}  // namespace

std::shared_ptr<Session> make_session(tcp::socket socket, const ServerSettings& settings,
                                      std::shared_ptr<const Handler> handler, env::Random& random, Tls* tls) {
  if (tls == nullptr)
    return std::make_shared<StreamSession<tcp::socket>>(std::move(socket), settings, std::move(handler), random);
  return std::make_shared<StreamSession<TlsStream>>(TlsStream(std::move(socket), tls->context()), settings,
                                                    std::move(handler), random);
}

}  // namespace gust::http
