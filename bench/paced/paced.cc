// Requests that leave at their times, whatever the answers take: bench_paced PORT FILE CONNECTIONS RATE SECONDS prints
// the milliseconds from the time that each request was due to the end of its answer, one a line. FILE has the requests,
// each behind its length (4 bytes, the lowest first); they go to 127.0.0.1 in turn. An answer that is no success ends
// it.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "bench_paced: %s\n", why.c_str());
  std::exit(1);
}

std::vector<std::string> read_requests(const char* file) {
  std::FILE* in = std::fopen(file, "rb");
  if (in == nullptr) fail(std::string("cannot read ") + file);
  std::vector<std::string> out;
  for (std::uint32_t size = 0; std::fread(&size, 4, 1, in) == 1;) {
    out.emplace_back(size, '\0');
    if (std::fread(out.back().data(), 1, size, in) != size) fail("the file ends within a request");
  }
  std::fclose(in);
  if (out.empty()) fail("there is no request");
  return out;
}

struct Connection {
  int socket = -1;
  Clock::time_point due;
  std::string received;
};

int connect_to(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) fail("cannot connect");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) fail("the server closed a connection");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

// Reads what is there; true once the answer is whole.
bool answered(Connection& connection) {
  char piece[65536];
  const auto n = ::recv(connection.socket, piece, sizeof piece, 0);
  if (n <= 0) fail("the server closed a connection after: " + connection.received);
  auto& text = connection.received;
  text.append(piece, static_cast<std::size_t>(n));
  const auto head = text.find("\r\n\r\n");
  if (head == std::string::npos) return false;
  auto length = text.find("\nContent-Length: ");
  if (length == std::string::npos) length = text.find("\ncontent-length: ");
  if (length == std::string::npos || length > head) fail("an answer without a length: " + text);
  const auto body = std::strtoull(text.c_str() + length + 17, nullptr, 10);
  if (text.size() < head + 4 + body) return false;
  if (!text.starts_with("HTTP/1.1 2")) fail("an answer that is an error: " + text);
  text.clear();
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) fail("usage: bench_paced PORT FILE CONNECTIONS RATE SECONDS");
  const auto requests = read_requests(argv[2]);
  const auto rate = std::strtod(argv[4], nullptr);
  const auto count = static_cast<std::size_t>(rate * std::strtod(argv[5], nullptr));
  std::deque<Connection> connections(std::strtoull(argv[3], nullptr, 10));
  std::vector<Connection*> free;
  const int waiting = ::epoll_create1(0);
  for (auto& connection : connections) {
    connection.socket = connect_to(std::atoi(argv[1]));
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
    ::epoll_ctl(waiting, EPOLL_CTL_ADD, connection.socket, &event);
    free.push_back(&connection);
  }
  const auto began = Clock::now();
  const auto due = [&](std::size_t i) {
    const std::chrono::duration<double> after(static_cast<double>(i) / rate);
    return began + std::chrono::duration_cast<Clock::duration>(after);
  };
  std::vector<double> times;
  times.reserve(count);
  epoll_event events[64];
  // It never sleeps: the load has a core of its own, and a wake-up would be measured, too.
  for (std::size_t sent = 0; times.size() < count;) {
    for (; sent < count && !free.empty() && due(sent) <= Clock::now(); ++sent) {
      auto* connection = free.back();
      free.pop_back();
      connection->due = due(sent);
      send_all(connection->socket, requests[sent % requests.size()]);
    }
    const int ready = ::epoll_wait(waiting, events, 64, 0);
    for (int i = 0; i < ready; ++i) {
      auto* connection = static_cast<Connection*>(events[i].data.ptr);
      if (!answered(*connection)) continue;
      times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - connection->due).count());
      free.push_back(connection);
    }
  }
  for (const auto time : times) std::printf("%.4f\n", time);
  return 0;
}
