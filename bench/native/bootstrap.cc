// A provided.* function as small as it can be: the Runtime API over a kept-alive connection, a fixed answer. As many
// threads, each with a connection of its own, as the function runs invocations at once. With ONCE in its environment it
// ends after the first.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

// The value of a header in `head`, or "".
std::string header(const std::string& head, const char* name) {
  const auto* at = ::strcasestr(head.c_str(), name);
  if (at == nullptr) return "";
  at += std::strlen(name);
  while (*at == ' ') ++at;
  return std::string(at, std::strcspn(at, "\r\n"));
}

class Connection {
 public:
  explicit Connection(const std::string& api) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(api.substr(api.find(':') + 1).c_str())));
    ::inet_pton(AF_INET, api.substr(0, api.find(':')).c_str(), &address.sin_addr);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) ::_exit(1);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }

  void send(const std::string& text) const {
    for (std::size_t sent = 0; sent < text.size();) {
      const auto n = ::write(fd_, text.data() + sent, text.size() - sent);
      if (n <= 0) ::_exit(1);
      sent += static_cast<std::size_t>(n);
    }
  }

  // One response with Content-Length; answers its head, drops its body.
  std::string receive() {
    char piece[65536];
    for (;;) {
      const auto end = received_.find("\r\n\r\n");
      if (end != std::string::npos) {
        std::string head = received_.substr(0, end + 2);
        const auto whole = end + 4 + std::strtoul(header(head, "\ncontent-length:").c_str(), nullptr, 10);
        if (received_.size() >= whole) {
          received_.erase(0, whole);
          return head;
        }
      }
      const auto n = ::read(fd_, piece, sizeof piece);
      if (n <= 0) ::_exit(1);
      received_.append(piece, static_cast<std::size_t>(n));
    }
  }

 private:
  int fd_;
  std::string received_;
};

[[noreturn]] void serve(const std::string& api) {
  Connection connection(api);
  const std::string body = R"({"statusCode":200,"body":"hello world"})";
  const bool once = std::getenv("ONCE") != nullptr;
  connection.send("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: " + api + "\r\n\r\n");
  for (;;) {
    const auto id = header(connection.receive(), "\nlambda-runtime-aws-request-id:");
    connection.send("POST /2018-06-01/runtime/invocation/" + id + "/response HTTP/1.1\r\nHost: " + api +
                    (once ? "" : "\r\nGust-Then: next") + "\r\nContent-Length: " + std::to_string(body.size()) +
                    "\r\n\r\n" + body);
    if (once) {
      connection.receive();
      ::_exit(0);
    }
  }
}

}  // namespace

int main() {
  const std::string api = std::getenv("AWS_LAMBDA_RUNTIME_API");
  const char* at_once = std::getenv("AWS_LAMBDA_MAX_CONCURRENCY");
  std::vector<std::thread> others;
  for (int i = 1; at_once != nullptr && i < std::atoi(at_once); ++i) others.emplace_back(serve, std::cref(api));
  serve(api);
}
