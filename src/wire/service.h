// Service: the operations of one model and who answers them. An operation file of api/ looks like this:
//
//   asio::awaitable<wire::Reply<s3::ListBucketsOutput>> list_buckets(wire::Call call, s3::ListBucketsRequest request) {
//     GUST_CO_TRY(auto buckets, co_await store.list_buckets(call.context.principal.account));   // a domain error
//     if (!request.prefix) co_return wire::fault("InvalidArgument", "...", {{"ArgumentName", "prefix"}});
//     ...
//   }
//   service.on<s3::ListBuckets>([&](auto call, auto request) { return list_buckets(std::move(call),
//   std::move(request)); });
//
// Loop thread only.
#pragma once

#include "async/bytes.h"
#include "async/task.h"
#include "codec/json.h"
#include "http/message.h"
#include "wire/convert.h"
#include "wire/fault.h"
#include "wire/model.h"
#include "wire/router.h"
#include "wire/validate.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::wire {

// What an operation may know of the request beside its members.
struct Call {
  RequestContext context;
  http::Headers headers;
  std::shared_ptr<http::Headers> trailers;  // may be null
  std::optional<std::uint64_t> content_length;
  std::string peer;
  std::string path;
  std::string_view tls;  // http::Request's
};

// A request's JSON, for operations that read some of it by themselves.
struct Document {
  codec::JsonArena arena;
  std::optional<codec::json::value> value;  // an object
};

struct ServiceSettings {
  std::size_t max_body_bytes = 10 << 20;  // of operations that do not stream
  // Makes the wire error of a domain error. Without one: "InternalFailure" and its kin by the error's code.
  std::function<WireError(const Error&)> map_error;
  // Makes the wire error of a request that breaks the model.
  std::function<WireError(const std::vector<Violation>&)> map_violations;
  // The wire error for bytes that are not what the protocol says (not JSON, not XML, wrong kinds).
  std::string malformed_code = "SerializationException";
  // Looks at a body that does not stream before it is parsed: its digests. `trailers` may be null.
  std::function<Result<void>(const Operation&, const http::Headers&, const http::Headers* trailers,
                             const std::string& body)>
      check_body;
  // Adds to an error what the request's path says of it.
  std::function<void(WireError&, std::string_view path)> complete_error;
  // REST: the error of a request that means an operation that the model lacks, although its path fits another's.
  std::function<std::optional<WireError>(std::string_view method, std::string_view path, const codec::QueryPairs&)>
      unserved;
  // Bodies that say Content-Encoding: gzip.
  enum class Compressed { kAsItIs, kGunzipped } compressed = Compressed::kAsItIs;
  WireError unknown{"UnknownOperationException", "", 404, {}};
};

class Service {
 public:
  Service(std::shared_ptr<const Model> model, ServiceSettings settings);

  // Op is a generated tag: Op::Request, Op::Response, Op::kName, Op::body(Request&), Op::body(Response&).
  template <typename Op, typename F>
  void on(F handler) {
    add(Op::kName,
        {[handler = std::move(handler)](Call call, Value input, Body body) -> Raw {
           typename Op::Request request;
           from_value(input, request);
           if (auto* stream = Op::body(request)) *stream = std::move(body.stream);
           auto response = co_await handler(std::move(call), std::move(request));
           if (!response) co_return std::unexpected(std::move(response).error());
           Outcome outcome{to_value(*response), nullptr, {}};
           if (auto* stream = Op::body(*response)) outcome.stream = std::move(*stream);
           co_return outcome;
         },
         Reads::kMembers});
  }

  // JSON: the handler reads the members that it needs in the document, which is as the model wants it, and answers the
  // response's JSON: (Call, std::shared_ptr<const Document>) -> awaitable<Reply<std::string>>.
  template <typename Op, typename F>
  void on_document(F handler) {
    add(Op::kName, {[handler = std::move(handler)](Call call, Value, Body body) -> Raw {
                      auto text = co_await handler(std::move(call), std::move(body.document));
                      if (!text) co_return std::unexpected(std::move(text).error());
                      Outcome outcome{{}, nullptr, std::move(*text)};
                      co_return outcome;
                    },
                    Reads::kDocument});
  }

  // The service in the protocol that a request is in; itself unless its model has others.
  Service& speaking(const http::Request& request);

  // Authenticated request in, response out; every failure is a response of the service's form. `path` is the request's
  // path unless a host name said more (a virtual-host bucket).
  async::Task<http::Response> handle(RequestContext context, http::Request request, std::string path);

  // An error response in this service's form, for failures before an operation is known.
  http::Response refuse(const RequestContext& context, WireError error) const;
  const Model& model() const { return *model_; }

 private:
  struct Outcome {
    Value value;
    std::unique_ptr<async::ByteSource> stream;
    std::optional<std::string> text;  // the whole body, as JSON
  };
  struct Body {
    std::unique_ptr<async::ByteSource> stream;
    std::shared_ptr<const Document> document;
  };
  enum class Reads { kMembers, kDocument };
  using Raw = boost::asio::awaitable<std::expected<Outcome, Fault>>;
  struct Handler {
    std::function<Raw(Call, Value, Body)> run;
    Reads reads = Reads::kMembers;
  };

  void add(std::string_view name, Handler handler);
  // The operation that is meant; a wire error when there is none.
  std::expected<Match, WireError> find(const http::Request& request, std::string_view path,
                                       const codec::QueryPairs& query, std::string_view body) const;
  WireError map(const Error& error) const;
  // refuse(), with what the path says.
  http::Response refuse_at(const RequestContext& context, WireError error, std::string_view path) const;
  boost::asio::awaitable<http::Response> run(RequestContext context, http::Request request, std::string path);
  // The members, as the model wants them; none of a document that fits.
  std::expected<Value, WireError> read_input(const Match& match, const codec::QueryPairs& query,
                                             const http::Headers& headers, std::string_view body,
                                             const Document* document) const;

  std::shared_ptr<const Model> model_;
  ServiceSettings settings_;
  Router router_;
  std::vector<std::unique_ptr<Service>> others_;  // the same handlers behind the model's other protocols
  std::map<std::string, Handler, std::less<>> handlers_;
};

}  // namespace gust::wire
