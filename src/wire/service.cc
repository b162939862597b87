#include "wire/service.h"

#include "base/assert.h"
#include "base/log.h"
#include "codec/gzip.h"
#include "wire/fits.h"
#include "wire/json_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gust::wire {
namespace {

WireError default_error(const Error& error) {
  switch (error.code) {
    case Code::kThrottled:
      return {"ThrottlingException", error.message, 400, {}};
    case Code::kDenied:
      return {"AccessDeniedException", error.message, 403, {}};
    case Code::kUnavailable:
    case Code::kNoSpace:
      return {"ServiceUnavailable", error.message, 503, {}};
    case Code::kInvalid:
      return {"ValidationException", error.message, 400, {}};
    case Code::kNotFound:
      return {"ResourceNotFoundException", error.message, 404, {}};
    case Code::kAlreadyExists:
    case Code::kConflict:
      return {"ConflictException", error.message, 409, {}};
    case Code::kPrecondition:
      return {"PreconditionFailedException", error.message, 412, {}};
    case Code::kTooLarge:
      return {"RequestEntityTooLargeException", error.message, 413, {}};
    case Code::kTimeout:
      return {"RequestTimeoutException", error.message, 408, {}};
    case Code::kUnauthenticated:
      return {"UnrecognizedClientException", error.message, 403, {}};
    case Code::kUnsupported:
      return {"NotImplementedException", error.message, 501, {}};
    default:
      return {"InternalFailure", "the request failed inside; its id is in the log", 500, {}};
  }
}

WireError default_violations(const std::vector<Violation>& violations) {
  return {"ValidationException", validation_message(violations), 400, {}};
}

// Names of query parameters and headers, unlike those of elements, begin in lower case or have a dash.
bool is_parameter(std::string_view name) {
  if (name.empty() || name == "xml") return false;  // not XML at all
  return name.contains('-') || (name.front() >= 'a' && name.front() <= 'z');
}

// DynamoDB's front answers some errors without a message.
bool strict(const Model& model) { return model.body_crc32; }

constexpr std::size_t kDocumentDepth = 256;
constexpr std::size_t kGzipPiece = 4096;  // a piece of a bomb becomes 4 MiB at most

// A body that its sender packed.
Result<std::string> unpacked(std::string_view encoding, std::string_view bytes, std::size_t max) {
  if (encoding != "gzip")
    return fail(Code::kInvalid, fmt::format("a body with Content-Encoding '{}' cannot be read; gzip is", encoding),
                "body");
  codec::Gunzip reader;
  std::string out;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kGzipPiece, bytes.size()))) {
    GUST_CHECK(reader.add(bytes.substr(0, kGzipPiece), out));
    if (out.size() > max)
      return fail(Code::kTooLarge, fmt::format("the body is more than {} bytes once it is unpacked", max), "body");
  }
  GUST_CHECK(reader.finish());
  return out;
}

Result<std::shared_ptr<const Document>> parse_document(std::string_view body) {
  auto out = std::make_shared<Document>();
  GUST_TRY(auto value, codec::parse_json(body, kDocumentDepth, out->arena.storage()));
  if (!value.is_object()) return fail(Code::kInvalid, "the body must be an object");
  out->value.emplace(std::move(value));
  return out;
}

// DynamoDB's front says nothing better of a packed body than that it failed.
WireError of_packed(const Error& error) {
  if (error.code == Code::kTooLarge) return {"RequestEntityTooLargeException", "", 413, {}};
  return {"InternalServerError", error.message, 500, {}};
}

}  // namespace

std::unexpected<Fault> fault(std::string code, std::string message,
                             std::vector<std::pair<std::string, std::string>> members, int status) {
  WireError error{std::move(code), std::move(message), status, {}};
  for (auto& [name, text] : members) error.members.emplace(std::move(name), Value(std::move(text)));
  return std::unexpected(Fault(std::move(error)));
}

Service::Service(std::shared_ptr<const Model> model, ServiceSettings settings)
    : model_(std::move(model)), settings_(std::move(settings)), router_(*model_) {
  if (!settings_.map_error) settings_.map_error = default_error;
  if (!settings_.map_violations) settings_.map_violations = default_violations;
  for (const auto& other : model_->others) others_.push_back(std::make_unique<Service>(other, settings_));
}

void Service::add(std::string_view name, Handler handler) {
  GUST_ASSERT(model_->operation(name) != nullptr);
  for (const auto& other : others_) other->add(name, handler);
  handlers_[std::string(name)] = std::move(handler);
}

Service& Service::speaking(const http::Request& request) {
  if (others_.empty()) return *this;
  const auto protocol = spoken_protocol(request.headers);
  for (const auto& other : others_) {
    if (other->model_->protocol == protocol) return *other;
  }
  return *this;
}

WireError Service::map(const Error& error) const {
  auto mapped = settings_.map_error(error);
  if (mapped.status >= 500 || (mapped.status == 0 && error.code == Code::kInternal)) {
    GUST_ERROR("{}: {}: {}", model_->service_id, code_name(error.code), error.message);
  }
  return mapped;
}

std::expected<Match, WireError> Service::find(const http::Request& request, std::string_view path,
                                              const codec::QueryPairs& query, std::string_view body) const {
  std::optional<Match> match;
  std::string name;
  const bool rest = model_->protocol == Protocol::kRestXml || model_->protocol == Protocol::kRestJson;
  if (rest) {
    const auto unserved = settings_.unserved ? settings_.unserved(request.method, path, query) : std::nullopt;
    if (unserved) return std::unexpected(*unserved);
    match = router_.find(request.method, path, query, request.headers);
  } else {
    name = model_->protocol == Protocol::kCbor ? path_operation(*model_, path)
                                               : target_operation(*model_, request.headers);
    if (model_->protocol == Protocol::kQuery) {
      const auto pairs = codec::parse_query(body);
      for (const auto& [key, value] : pairs ? *pairs : codec::QueryPairs()) {
        if (key == "Action") name = value;
      }
    }
    if (const auto* operation = model_->operation(name)) match = Match{operation, {}};
  }
  if (match && handlers_.contains(match->operation->name)) return *std::move(match);
  if (rest) {
    name =
        fmt::format("{} {}{}{}", request.method, path, request.query.empty() ? "" : "?", request.query.substr(0, 100));
  }
  // Of any bytes that a header may have; the answer is text.
  std::ranges::replace_if(name, [](char c) { return c < ' ' || c > '~'; }, '?');
  GUST_INFO("{}: an operation that is not served: {}", model_->service_id, name);
  auto unknown = settings_.unknown;
  if (unknown.message.empty() && !strict(*model_))
    unknown.message = fmt::format("'{}' is not an operation that this service serves", name);
  return std::unexpected(std::move(unknown));
}

http::Response Service::refuse(const RequestContext& context, WireError error) const {
  auto whole = write_error(*model_, error, context.request_id.str());
  http::Response response;
  response.status = whole.status;
  response.headers = std::move(whole.headers);
  for (const auto& [name, value] : error.headers.all()) response.headers.set(name, value);
  response.body = std::move(whole.body);
  return response;
}

async::Task<http::Response> Service::handle(RequestContext context, http::Request request, std::string path) {
  const bool head_only = request.method == "HEAD";
  auto response = co_await run(std::move(context), std::move(request), std::move(path));
  if (head_only && !response.stream) response.body.clear();
  co_return response;
}

http::Response Service::refuse_at(const RequestContext& context, WireError error, std::string_view path) const {
  if (settings_.complete_error) settings_.complete_error(error, path);
  return refuse(context, std::move(error));
}

std::expected<Value, WireError> Service::read_input(const Match& match, const codec::QueryPairs& query,
                                                    const http::Headers& headers, std::string_view body,
                                                    const Document* document) const {
  const auto& operation = *match.operation;
  if (document != nullptr && fits(operation.input, *document->value)) return Value();
  auto input = document != nullptr ? from_json(operation.input, *document->value)
                                   : parse_input(*model_, operation, match.labels, query, headers, body);
  if (!input) {
    const bool in_xml = model_->protocol != Protocol::kRestXml || !is_parameter(input.error().source);
    const WireError malformed{settings_.malformed_code, input.error().message, 400, {}};
    return std::unexpected(in_xml ? malformed : map(input.error()));
  }
  if (operation.input.shape != nullptr) {
    const auto violations = validate(*operation.input.shape, *input);
    if (!violations.empty()) return std::unexpected(settings_.map_violations(violations));
  }
  return *std::move(input);
}

// What the request's span says of it.
static void take_note(const RequestContext& context, const Match& match, const Document* document) {
  if (!context.note) return;
  context.note->operation = match.operation->name;
  if (const auto label = match.labels.find("FunctionName"); label != match.labels.end()) {
    const auto decoded = codec::percent_decode(label->second);
    std::string_view name = decoded ? *decoded : label->second;  // or its ARN
    if (const auto at = name.find(":function:"); at != name.npos) name.remove_prefix(at + 10);
    context.note->resource = name.substr(0, name.find(':'));
  }
  if (document == nullptr) return;
  const auto* table = document->value->get_object().if_contains("TableName");
  if (table == nullptr || !table->is_string()) return;
  std::string_view name = table->get_string();  // or its ARN
  if (const auto at = name.find(":table/"); at != name.npos) name.remove_prefix(at + 7);
  context.note->resource = name.substr(0, name.find('/'));
}

boost::asio::awaitable<http::Response> Service::run(RequestContext context, http::Request request, std::string path) {
  const auto query = codec::parse_query(request.query, codec::Plus::kIsSpace);
  if (!query) co_return refuse(context, {settings_.malformed_code, query.error().message, 400, {}});
  const bool rest = model_->protocol == Protocol::kRestXml || model_->protocol == Protocol::kRestJson;

  std::string body;
  std::expected<Match, WireError> match;
  if (rest) match = find(request, path, *query, "");
  if (!match) co_return refuse(context, match.error());
  if (!rest || !has_streaming_input(*match->operation)) {
    auto whole = co_await async::read_all(*request.body, settings_.max_body_bytes);
    if (!whole) co_return refuse_at(context, map(whole.error()), path);
    body = *std::move(whole);
  }
  if (const auto encoding = request.headers.get("content-encoding");
      encoding && settings_.compressed == ServiceSettings::Compressed::kGunzipped) {
    auto plain = unpacked(*encoding, body, settings_.max_body_bytes);
    if (!plain && strict(*model_)) co_return refuse(context, of_packed(plain.error()));
    if (!plain) co_return refuse_at(context, map(plain.error()), path);
    body = *std::move(plain);
  }
  if (!rest) match = find(request, path, *query, body);
  if (!match) co_return refuse(context, match.error());

  const auto& operation = *match->operation;
  if (settings_.check_body && !has_streaming_input(operation)) {
    const auto checked = settings_.check_body(operation, request.headers, request.trailers.get(), body);
    if (!checked) co_return refuse_at(context, map(checked.error()), path);
  }
  const auto& handler = handlers_.at(operation.name);
  Result<std::shared_ptr<const Document>> document;
  if (handler.reads == Reads::kDocument || strict(*model_)) document = parse_document(body);
  if (!document) {  // where it is strict, what is no JSON at all is not told more of
    auto message = strict(*model_) ? std::string() : document.error().message;
    co_return refuse(context, {settings_.malformed_code, std::move(message), 400, {}});
  }
  take_note(context, *match, document->get());
  const auto* read = handler.reads == Reads::kDocument ? document->get() : nullptr;
  auto input = read_input(*match, *query, request.headers, body, read);
  if (!input) co_return refuse_at(context, std::move(input).error(), path);
  Call call{context, std::move(request.headers), request.trailers, request.content_length, std::move(request.peer),
            path, request.tls};
  Body whole_body{std::move(request.body), *document};
  auto outcome = co_await handler.run(std::move(call), *std::move(input), std::move(whole_body));
  if (!outcome) {
    auto& fault = outcome.error();
    auto response = refuse_at(context, fault.domain ? map(*fault.domain) : fault.wire, path);
    for (const auto& [name, value] : fault.headers.all()) response.headers.set(name, value);
    co_return response;
  }
  auto whole = outcome->text ? write_text(*model_, *std::move(outcome->text), context.request_id.str())
                             : write_output(*model_, operation, outcome->value, context.request_id.str());
  http::Response response;
  response.status = whole.status;
  response.headers = std::move(whole.headers);
  response.body = std::move(whole.body);
  response.stream = std::move(outcome->stream);
  if (response.status == 200 && response.headers.contains("content-range"))
    response.status = 206;  // no model says this
  if (const auto length = response.headers.get("content-length")) {
    std::uint64_t n = 0;
    if (std::from_chars(length->data(), length->data() + length->size(), n).ec == std::errc())
      response.content_length = n;
  }
  co_return response;
}

}  // namespace gust::wire
