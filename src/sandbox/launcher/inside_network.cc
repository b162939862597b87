#include "sandbox/launcher/child.h"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gust::sandbox::launcher {

namespace {

constexpr int kBacklog = 128;

// Of `type` SOCK_STREAM or SOCK_DGRAM.
Result<Fd> listen_on(std::uint16_t port, int type) {
  const auto what = fmt::format("listen on 127.0.0.1:{}", port);
  Fd socket(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail_errno(what, errno);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) < 0) return fail_errno(what, errno);
  if (type == SOCK_STREAM && ::listen(socket.get(), kBacklog) < 0) return fail_errno(what, errno);
  return socket;
}

}  // namespace

Result<void> raise_loopback() {
  Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return fail_errno("socket for the loopback", errno);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) < 0) return fail_errno("bring the loopback up", errno);
  return {};
}

Result<std::vector<Fd>> set_up_network(const ChildPlan& plan) {
  if (plan.network < 0) {
    GUST_CHECK(raise_loopback());
  } else if (::setns(plan.network, CLONE_NEWNET) < 0) {
    return fail_errno("enter the network namespace", errno);
  }
  ::close(plan.network);
  std::vector<Fd> listeners;
  for (const auto port : plan.spec.listen_ports) {
    GUST_TRY(auto listener, listen_on(port, SOCK_STREAM));
    listeners.push_back(std::move(listener));
  }
  for (const auto port : plan.spec.datagram_ports) {
    GUST_TRY(auto socket, listen_on(port, SOCK_DGRAM));
    listeners.push_back(std::move(socket));
  }
  return listeners;
}

}  // namespace gust::sandbox::launcher
