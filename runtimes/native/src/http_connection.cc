#include "http_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace aws::lambda_runtime {
namespace {

constexpr std::size_t kPiece = 64 << 10, kMaxHead = 64 << 10, kMaxBody = 64 << 20;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// All of `text` as a number of `base`; false when it is none or too large.
bool number(std::string_view text, int base, std::size_t& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into, base);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

std::string of_errno(char const* what) { return std::string(what) + ": " + std::strerror(errno); }

}  // namespace

std::string http_reply::header(std::string const& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

http_connection::http_connection(std::string address) : address_(std::move(address)) {}
http_connection::~http_connection() { close(); }

void http_connection::close() {
  if (socket_ >= 0) ::close(socket_);
  forget();
}

void http_connection::forget() {
  socket_ = -1;
  received_.clear();
  at_ = 0;
}

// Numbers only, and localhost: the Runtime API is on the loopback, and a static program has no resolver of its own.
bool http_connection::connect(std::string& error) {
  const auto colon = std::min(address_.rfind(':'), address_.size());
  auto host = address_.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  std::size_t port = 80;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  const bool port_good = colon == address_.size() || number(std::string_view(address_).substr(colon + 1), 10, port);
  if (!port_good || port == 0 || port > 65535 || ::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
    error = "the address '" + address_ + "' is not an IPv4 address (or localhost) and a port";
    return false;
  }
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) {
    error = of_errno("socket");
    return false;
  }
  int done;
  do done = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
  while (done != 0 && errno == EINTR);
  if (done != 0) {
    error = of_errno("connect");
    close();
    return false;
  }
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return true;
}

http_reply http_connection::request(std::string_view method, std::string_view path, http_headers const& headers,
                                    std::string_view body) {
  std::string head;
  head.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: ").append(address_).append("\r\n");
  for (const auto& [name, value] : headers) {
    std::string clean = value;  // what a handler gave must not end the line
    std::replace_if(clean.begin(), clean.end(), [](unsigned char c) { return c < ' ' || c == 127; }, ' ');
    head.append(name).append(": ").append(clean).append("\r\n");
  }
  if (method != "GET") head.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  head.append("\r\n");
  const bool kept = socket_ >= 0;
  auto reply = attempt(head, body);
  if (reply.status == -1 && kept && !answered_) reply = attempt(head, body);
  return reply;
}

http_reply http_connection::read_reply() {
  http_reply reply;
  bool whole = read_head(reply);
  while (whole && reply.status == 100) whole = read_head(reply);
  if (!whole || !read_body(reply)) reply.status = -1;
  return reply;
}

http_reply http_connection::attempt(std::string const& head, std::string_view body) {
  http_reply reply;
  answered_ = false;
  if (socket_ < 0 && !connect(reply.error)) return reply;
  std::string unsent;
  const bool sent = send_all(head, body, unsent);
  // A refusal may come before the whole body was read: it says more than the broken pipe.
  reply = read_reply();
  const bool whole = reply.status >= 0;
  if (!whole && !sent) reply.error = unsent;
  if (!whole || !sent || lower(reply.header("connection")) == "close") close();
  return reply;
}

bool http_connection::send_all(std::string_view head, std::string_view body, std::string& error) {
  iovec parts[2] = {{const_cast<char*>(head.data()), head.size()}, {const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  while (parts[0].iov_len + parts[1].iov_len > 0) {
    const auto n = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      error = of_errno("send");
      return false;
    }
    auto left = static_cast<std::size_t>(n);
    for (auto& part : parts) {
      const auto of_this = std::min(left, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + of_this;
      part.iov_len -= of_this;
      left -= of_this;
    }
  }
  return true;
}

bool http_connection::receive(std::string& error) {
  if (at_ > 0) received_.erase(0, at_);
  at_ = 0;
  const auto had = received_.size();
  received_.resize(had + kPiece);
  ssize_t n;
  do n = ::recv(socket_, received_.data() + had, kPiece, 0);
  while (n < 0 && errno == EINTR);
  received_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  if (n > 0) return answered_ = true;
  error = n == 0 ? "the Runtime API closed the connection" : of_errno("receive");
  return false;
}

bool http_connection::take_line(std::string& line, std::string& error) {
  for (;;) {
    const auto end = received_.find('\n', at_);
    if (end != std::string::npos) {
      line = std::string(trim(std::string_view(received_).substr(at_, end - at_)));
      at_ = end + 1;
      return true;
    }
    if (received_.size() - at_ > kMaxHead) {
      error = "a line of the answer is too long";
      return false;
    }
    if (!receive(error)) return false;
  }
}

bool http_connection::take(std::size_t size, std::string& into, std::string& error) {
  while (size > 0) {
    if (at_ == received_.size() && !receive(error)) return false;
    const auto piece = std::min(size, received_.size() - at_);
    into.append(received_, at_, piece);
    at_ += piece;
    size -= piece;
  }
  return true;
}

bool http_connection::read_head(http_reply& reply) {
  reply.headers.clear();
  std::string line;
  if (!take_line(line, reply.error)) return false;
  std::size_t status = 0;
  if (line.rfind("HTTP/1.", 0) != 0 || line.size() < 12 || !number(std::string_view(line).substr(9, 3), 10, status)) {
    reply.error = "not an HTTP answer: " + line.substr(0, 100);
    return false;
  }
  reply.status = static_cast<int>(status);
  std::size_t bytes = 0;
  for (;;) {
    if (!take_line(line, reply.error)) return false;
    if (line.empty()) return true;
    bytes += line.size();
    const auto colon = line.find(':');
    if (colon == std::string::npos || bytes > kMaxHead) {
      reply.error = "a broken or too long head: " + line.substr(0, 100);
      return false;
    }
    const auto name = lower(trim(std::string_view(line).substr(0, colon)));
    reply.headers[name] = std::string(trim(std::string_view(line).substr(colon + 1)));
  }
}

bool http_connection::read_body(http_reply& reply) {
  if (reply.status == 204 || reply.status == 304) return true;
  if (lower(reply.header("transfer-encoding")) == "chunked") return read_chunks(reply);
  const auto length = reply.header("content-length");
  if (length.empty()) {  // the body ends with the connection
    reply.headers["connection"] = "close";
    std::string end;
    while (reply.body.size() <= kMaxBody) {
      reply.body.append(received_, at_, std::string::npos);
      at_ = received_.size();
      errno = 0;
      if (!receive(end)) return errno == 0;
    }
    reply.error = "the answer is too large";
    return false;
  }
  std::size_t size = 0;
  if (!number(length, 10, size) || size > kMaxBody) {
    reply.error = "not a length: " + length.substr(0, 100);
    return false;
  }
  reply.body.reserve(size);
  return take(size, reply.body, reply.error);
}

bool http_connection::read_chunks(http_reply& reply) {
  std::string line;
  for (;;) {
    if (!take_line(line, reply.error)) return false;
    std::size_t size = 0;
    const auto digits = trim(std::string_view(line).substr(0, line.find(';')));
    if (!number(digits, 16, size) || size > kMaxBody - reply.body.size()) {
      reply.error = "not the size of a chunk: " + line.substr(0, 100);
      return false;
    }
    if (size == 0) break;
    if (!take(size, reply.body, reply.error) || !take_line(line, reply.error)) return false;
  }
  do {  // trailers
    if (!take_line(line, reply.error)) return false;
  } while (!line.empty());
  return true;
}

}  // namespace aws::lambda_runtime
