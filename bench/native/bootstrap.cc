// A provided.* function as small as it can be: the Runtime API over one kept-alive connection, a fixed answer.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace {

std::string g_received;

bool send_all(int fd, const std::string& text) {
  for (std::size_t sent = 0; sent < text.size();) {
    const auto n = ::write(fd, text.data() + sent, text.size() - sent);
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

// The value of a header in `head`, or "".
std::string header(const std::string& head, const char* name) {
  const auto* at = ::strcasestr(head.c_str(), name);
  if (at == nullptr) return "";
  at += std::strlen(name);
  while (*at == ' ') ++at;
  return std::string(at, std::strcspn(at, "\r\n"));
}

// One response with Content-Length; answers its head, drops its body.
std::string receive(int fd) {
  char piece[65536];
  for (;;) {
    const auto end = g_received.find("\r\n\r\n");
    if (end != std::string::npos) {
      std::string head = g_received.substr(0, end + 2);
      const auto whole = end + 4 + std::strtoul(header(head, "\ncontent-length:").c_str(), nullptr, 10);
      if (g_received.size() >= whole) {
        g_received.erase(0, whole);
        return head;
      }
    }
    const auto n = ::read(fd, piece, sizeof piece);
    if (n <= 0) std::exit(1);
    g_received.append(piece, static_cast<std::size_t>(n));
  }
}

}  // namespace

int main() {
  const std::string api = std::getenv("AWS_LAMBDA_RUNTIME_API");
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(api.substr(api.find(':') + 1).c_str())));
  ::inet_pton(AF_INET, api.substr(0, api.find(':')).c_str(), &address.sin_addr);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return 1;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const std::string body = R"({"statusCode":200,"body":"hello world"})";
  for (;;) {
    send_all(fd, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: " + api + "\r\n\r\n");
    const auto id = header(receive(fd), "\nlambda-runtime-aws-request-id:");
    send_all(fd, "POST /2018-06-01/runtime/invocation/" + id + "/response HTTP/1.1\r\nHost: " + api +
                     "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    receive(fd);
  }
}
