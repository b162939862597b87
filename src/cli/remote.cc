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

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>

namespace gust::cli {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kPiece = std::size_t{64} << 10;
constexpr std::size_t kMaxAnswer = std::size_t{256} << 20;

std::unexpected<Error> changed(const std::string& path) {
  return fail(Code::kConflict, fmt::format("{} became shorter while it was read; try again", path), "file");
}

// Blocking reads; the command line has nothing else to do meanwhile.
class FileSource final : public async::ByteSource {
 public:
  FileSource(const Call& call, std::uint64_t size)
      : path_(call.file), in_(call.file, std::ios::binary), left_(size), sent_(call.sent) {
    in_.seekg(static_cast<std::streamoff>(call.file_offset));
  }
  async::Task<std::size_t> read(std::span<std::byte> out) override {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_));
    if (wanted == 0) co_return 0;
    in_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(wanted));
    if (in_.bad()) co_return fail(Code::kUnavailable, fmt::format("{} could not be read", path_), "file");
    const auto got = static_cast<std::size_t>(in_.gcount());
    if (got == 0) co_return changed(path_);
    left_ -= got;
    if (sent_ && !sent_(got)) co_return fail(Code::kCancelled, "interrupted", "interrupt");
    co_return got;
  }

 private:
  std::string path_;
  std::ifstream in_;
  std::uint64_t left_;
  std::function<bool(std::size_t)> sent_;
};

struct Measured {
  std::string sha256;
  std::uint64_t size = 0;
};

Result<Measured> measure(const Call& call) {
  std::ifstream in(call.file, std::ios::binary);
  if (!in) return fail(Code::kNotFound, fmt::format("{} cannot be read", call.file), "file");
  in.seekg(static_cast<std::streamoff>(call.file_offset));
  codec::Digest digest(codec::DigestKind::kSha256);
  std::string buffer(kPiece, '\0');
  Measured out;
  const auto most = call.file_size.value_or(std::numeric_limits<std::uint64_t>::max());
  while (out.size < most) {
    in.read(buffer.data(), static_cast<std::streamsize>(std::min<std::uint64_t>(buffer.size(), most - out.size)));
    const auto got = static_cast<std::size_t>(in.gcount());
    if (got == 0) break;
    digest.update(std::string_view(buffer).substr(0, got));
    out.size += got;
  }
  if (call.file_size && out.size < *call.file_size) return changed(call.file);
  out.sha256 = codec::to_hex(digest.finish());
  return out;
}

class HttpRemote final : public Remote {
 public:
  HttpRemote(http::Origin endpoint, auth::Keys keys, std::string region, std::string authorities)
      : endpoint_(std::move(endpoint)),
        keys_(std::move(keys)),
        region_(std::move(region)),
        client_(http::make_client(loop_.get_executor(), std::move(authorities))) {}

  Result<Answer> send(const Call& call) override {
    std::string body;
    auto answer = stream(call, [&](std::string_view piece) {
      body += piece;
      return body.size() <= kMaxAnswer;
    });
    if (answer && answer->ok()) answer->body = std::move(body);
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
    asio::co_spawn(loop_, exchange(std::move(request), std::move(sink), call.begins, call.patience), std::move(done));
    loop_.restart();
    loop_.run();
    if (thrown) std::rethrow_exception(thrown);
    if (!*result && result->error().code == Code::kUnavailable && result->error().source == "connection") {
      return fail(
          Code::kUnavailable,
          fmt::format("no Gust answers at {} ({}); start one with: gust up", endpoint_.url(), result->error().message),
          "daemon");
    }
    if (!*result && result->error().source == "certificate")
      result->error().message += "; who signed it is trusted by AWS_CA_BUNDLE=FILE";
    return std::move(*result);
  }

 private:
  Result<http::Request> prepare(const Call& call) const {
    http::Request request;
    request.method = call.method;
    request.path = call.path;
    request.query = call.query;
    request.target = call.query.empty() ? call.path : fmt::format("{}?{}", call.path, call.query);
    request.headers.add("Host", endpoint_.authority());
    for (const auto& [name, value] : call.headers) request.headers.add(name, value);
    std::string hash = codec::sha256_hex(call.body);
    if (call.file.empty()) {
      request.content_length = call.body.size();
      request.body = async::from_string(call.body);
    } else {
      GUST_TRY(auto measured, measure(call));
      hash = std::move(measured.sha256);
      request.content_length = measured.size;
      request.body = std::make_unique<FileSource>(call, measured.size);
    }
    const auth::SignOptions options{call.service, region_, env::SystemClock().now(), std::move(hash)};
    GUST_CHECK(auth::sign(request, keys_, options));
    return request;
  }

  async::Task<Answer> exchange(http::Request request, std::function<bool(std::string_view)> sink,
                               std::function<bool(const Answer&)> begins, std::chrono::minutes patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    GUST_CO_TRY(auto response, co_await client_->send(endpoint_, std::move(request), deadline));
    Answer answer{response.status, std::move(response.headers), {}};
    const bool good = answer.ok();
    if (good && begins && !begins(answer)) co_return answer;
    const auto take = [&](std::string_view piece) {
      if (good) return sink(piece);
      answer.body += piece;
      return answer.body.size() <= kMaxAnswer;
    };
    if (!response.stream) {
      take(response.body);
      co_return answer;
    }
    std::string buffer(kPiece, '\0');
    for (;;) {
      const auto room = std::as_writable_bytes(std::span(buffer));
      GUST_CO_TRY(const auto n, co_await response.stream->read(room));
      if (n == 0 || !take(std::string_view(buffer).substr(0, n))) co_return answer;
    }
  }

  http::Origin endpoint_;
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

std::unique_ptr<Remote> make_remote(http::Origin endpoint, auth::Keys keys, std::string region,
                                    std::string authorities) {
  return std::make_unique<HttpRemote>(std::move(endpoint), std::move(keys), std::move(region), std::move(authorities));
}

std::unexpected<Error> gust_has_ended() {
  return fail(Code::kUnavailable, "Gust has ended, and what was followed with it", "daemon");
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
