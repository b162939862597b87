// http_connection: HTTP/1.1 requests on one kept socket, as far as the Runtime API needs them. No TLS, no redirects.
// One thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aws::lambda_runtime {

struct http_reply {
  int status = -1;                             // -1: no answer came; `error` says why
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string error;

  std::string header(std::string const& name) const;
};

using http_headers = std::vector<std::pair<std::string, std::string>>;

class http_connection {
 public:
  explicit http_connection(std::string address);  // "host:port"
  ~http_connection();
  http_connection(http_connection const&) = delete;
  http_connection& operator=(http_connection const&) = delete;

  // Connects when it has to. A kept connection that the server had closed in between is made anew, once: a request that
  // got no byte of an answer on it.
  http_reply request(std::string_view method, std::string_view path, http_headers const& headers,
                     std::string_view body);

  // For a request that is written by others: the socket, or -1 and why; its reply; and to let go of a socket that is
  // not this process's, without closing it.
  int open(std::string& error) { return socket_ >= 0 || connect(error) ? socket_ : -1; }
  http_reply read_reply();
  void forget();

 private:
  http_reply attempt(std::string const& head, std::string_view body);
  bool connect(std::string& error);
  void close();
  bool send_all(std::string_view head, std::string_view body, std::string& error);
  bool receive(std::string& error);
  bool read_head(http_reply& reply);
  bool read_body(http_reply& reply);
  bool read_chunks(http_reply& reply);
  bool take_line(std::string& line, std::string& error);
  bool take(std::size_t size, std::string& into, std::string& error);

  std::string address_;
  int socket_ = -1;
  std::string received_;
  std::size_t at_ = 0;  // what of received_ was taken
  bool answered_ = false;
};

}  // namespace aws::lambda_runtime
