#include "cli/remote.h"

#include "auth/sign.h"
#include "codec/digest.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "codec/xml.h"
#include "env/clock.h"
#include "http/client.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <optional>

namespace gust::cli {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kPiece = std::size_t{64} << 10;
constexpr std::size_t kMaxAnswer = std::size_t{256} << 20;

// Blocking reads; the command line has nothing else to do meanwhile.
class FileSource final : public async::ByteSource {
 public:
  explicit FileSource(const std::string& path) : in_(path, std::ios::binary) {}
  async::Task<std::size_t> read(std::span<std::byte> out) override {
    in_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    if (in_.bad()) co_return fail(Code::kUnavailable, "the file could not be read");
    co_return static_cast<std::size_t>(in_.gcount());
  }

 private:
  std::ifstream in_;
};

struct Measured {
  std::string sha256;
  std::uint64_t size = 0;
};

Result<Measured> measure(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Code::kNotFound, fmt::format("{} cannot be read", path));
  codec::Digest digest(codec::DigestKind::kSha256);
  std::string buffer(kPiece, '\0');
  Measured out;
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
    digest.update(std::string_view(buffer).substr(0, static_cast<std::size_t>(in.gcount())));
    out.size += static_cast<std::uint64_t>(in.gcount());
  }
  out.sha256 = codec::to_hex(digest.finish());
  return out;
}

class HttpRemote final : public Remote {
 public:
  HttpRemote(Endpoint endpoint, auth::Keys keys, std::string region)
      : endpoint_(std::move(endpoint)),
        keys_(std::move(keys)),
        region_(std::move(region)),
        client_(http::make_client(loop_.get_executor())) {}

  Result<Answer> send(const Call& call) override {
    std::string body;
    auto answer = stream(call, [&](std::string_view piece) {
      body += piece;
      return body.size() <= kMaxAnswer;
    });
    if (answer) answer->body = std::move(body);
    return answer;
  }

  Result<Answer> stream(const Call& call, std::function<bool(std::string_view)> sink) override {
    GUST_TRY(auto request, prepare(call));
    std::optional<Result<Answer>> result;
    std::exception_ptr thrown;
    auto done = [&](std::exception_ptr e, Result<Answer> r) {
      thrown = e;
      result = std::move(r);
      loop_.stop();
    };
    asio::co_spawn(loop_, exchange(std::move(request), std::move(sink), call.patience), std::move(done));
    loop_.restart();
    loop_.run();
    if (thrown) std::rethrow_exception(thrown);
    if (!*result && result->error().code == Code::kUnavailable) {
      return fail(
          Code::kUnavailable,
          fmt::format("no Gust answers at {} ({}); start one with: gust up", endpoint_.url(), result->error().message),
          "daemon");
    }
    return std::move(*result);
  }

 private:
  Result<http::Request> prepare(const Call& call) const {
    http::Request request;
    request.method = call.method;
    request.path = call.path;
    request.query = call.query;
    request.target = call.query.empty() ? call.path : fmt::format("{}?{}", call.path, call.query);
    request.headers.add("Host", fmt::format("{}:{}", endpoint_.host, endpoint_.port));
    for (const auto& [name, value] : call.headers) request.headers.add(name, value);
    std::string hash = codec::sha256_hex(call.body);
    if (call.file.empty()) {
      request.content_length = call.body.size();
      request.body = async::from_string(call.body);
    } else {
      GUST_TRY(auto measured, measure(call.file));
      hash = std::move(measured.sha256);
      request.content_length = measured.size;
      request.body = std::make_unique<FileSource>(call.file);
    }
    const auth::SignOptions options{call.service, region_, env::SystemClock().now(), std::move(hash)};
    GUST_CHECK(auth::sign(request, keys_, options));
    return request;
  }

  async::Task<Answer> exchange(http::Request request, std::function<bool(std::string_view)> sink,
                               std::chrono::minutes patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    auto host = endpoint_.host;
    GUST_CO_TRY(auto response, co_await client_->send(std::move(host), endpoint_.port, std::move(request), deadline));
    Answer answer{response.status, std::move(response.headers), {}};
    if (!response.stream) {
      sink(response.body);
      co_return answer;
    }
    std::string buffer(kPiece, '\0');
    for (;;) {
      const auto room = std::as_writable_bytes(std::span(buffer));
      GUST_CO_TRY(const auto n, co_await response.stream->read(room));
      if (n == 0 || !sink(std::string_view(buffer).substr(0, n))) co_return answer;
    }
  }

  Endpoint endpoint_;
  auth::Keys keys_;
  std::string region_;
  asio::io_context loop_;
  std::unique_ptr<http::Client> client_;
};

// {"message"|"Message"|"error", "__type"|"code"} of JSON, or <Code> and <Message> of XML.
struct Fault {
  std::string code, message;
};

Fault fault_of(const Answer& answer) {
  Fault out{std::string(answer.headers.get_or("x-amzn-errortype", "")), {}};
  out.code = out.code.substr(0, out.code.find(':'));
  if (const auto parsed = codec::parse_json(answer.body); parsed && parsed->is_object()) {
    const auto text = [&](std::initializer_list<const char*> names) {
      for (const auto* name : names) {
        if (const auto* value = parsed->get_object().if_contains(name); value && value->is_string())
          return std::string(value->get_string());
      }
      return std::string();
    };
    out.message = text({"message", "Message", "error"});
    if (out.code.empty()) out.code = text({"__type", "code", "Code", "Type"});
  } else if (const auto xml = codec::parse_xml(answer.body)) {
    const auto find = [&](std::string_view name) {
      const auto node = (*xml)->find_node([&](const pugi::xml_node& n) { return codec::xml_local_name(n) == name; });
      return std::string(node.child_value());
    };
    out.message = find("Message");
    out.code = find("Code");
  }
  return out;
}

Code code_of(int status) {
  if (status == 404) return Code::kNotFound;
  if (status == 409) return Code::kConflict;
  if (status == 401 || status == 403) return Code::kDenied;
  if (status == 429 || status == 503) return Code::kThrottled;
  return status >= 500 ? Code::kInternal : Code::kInvalid;
}

}  // namespace

std::string Endpoint::url() const { return fmt::format("http://{}:{}", host, port); }

Result<Endpoint> parse_endpoint(std::string_view url) {
  const auto wrong = [&] {
    return fail(Code::kInvalid, fmt::format("'{}' is not an endpoint: expected http://HOST:PORT", url), "endpoint");
  };
  std::string_view rest = url;
  while (rest.ends_with('/') || rest.ends_with('\n')) rest.remove_suffix(1);
  if (!rest.starts_with("http://")) return wrong();
  rest.remove_prefix(7);
  const auto colon = rest.rfind(':');
  Endpoint out{std::string(rest.substr(0, colon)), 80};
  if (colon != std::string_view::npos) {
    const auto digits = rest.substr(colon + 1);
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    if (problem != std::errc() || end != digits.data() + digits.size() || out.port == 0) return wrong();
  }
  if (out.host.empty() || out.host.contains('/') || out.host.contains(' ')) return wrong();
  return out;
}

std::unique_ptr<Remote> make_remote(Endpoint endpoint, auth::Keys keys, std::string region) {
  return std::make_unique<HttpRemote>(std::move(endpoint), std::move(keys), std::move(region));
}

std::string error_code(const Answer& answer) { return fault_of(answer).code; }

Result<Answer> expect_ok(Result<Answer> answer, std::string_view what) {
  if (!answer || answer->ok()) return answer;
  const auto fault = fault_of(*answer);
  const auto said = fault.code.empty() && fault.message.empty() ? answer->body.substr(0, 300)
                                                                : fmt::format("{}: {}", fault.code, fault.message);
  return fail(code_of(answer->status), fmt::format("{}: HTTP {} {}", what, answer->status, said), fault.code);
}

}  // namespace gust::cli
