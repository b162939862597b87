// Request and Response: an HTTP message with a streamed body, free of Beast. Loop thread only.
#pragma once

#include "async/bytes.h"
#include "async/task.h"
#include "base/context.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gust::http {

// Fields in wire order, names as they came; looked up without regard to case. Repeats are kept.
class Headers {
 public:
  void add(std::string name, std::string value);
  void set(std::string_view name, std::string value);  // replaces every field of that name
  void erase(std::string_view name);
  std::optional<std::string_view> get(std::string_view name) const;  // the first
  std::string_view get_or(std::string_view name, std::string_view otherwise) const;
  bool contains(std::string_view name) const { return get(name).has_value(); }

  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// How a connection by TLS was begun.
struct Handshake {
  SteadyTime began, ended;
  std::string cipher;  // "TLS_AES_256_GCM_SHA384"
};

struct Request {
  std::string method;
  std::string target;  // as it came: path and query, still percent-encoded
  std::string path;    // the part before '?', still encoded
  std::string query;   // the part after '?', still encoded
  Headers headers;
  std::string peer;                         // address of the client, without the port
  std::unique_ptr<async::ByteSource> body;  // never null; empty when there is none
  std::optional<std::uint64_t> content_length;
  // Filled when the body was read to its end (chunked or aws-chunked trailers); null when it can have none.
  std::shared_ptr<Headers> trailers;

  std::string_view tls;                // "TLSv1.3", a text of OpenSSL's; empty: not by TLS
  std::optional<Handshake> handshake;  // of the first request of a connection by TLS

  std::string_view host() const { return headers.get_or("host", ""); }
};

struct Response {
  int status = 200;
  Headers headers;                              // "Connection: close" is done too
  std::string body;                             // used when `stream` is null
  std::unique_ptr<async::ByteSource> stream;    // sent chunked when its length is not known
  std::optional<std::uint64_t> content_length;  // of a reply to HEAD, or of `stream`
  std::shared_ptr<void> kept;                   // let go of when the response was sent, or cannot be
};

using Handler = std::function<async::Task<Response>(RequestContext, Request)>;

}  // namespace gust::http
