#include "sandbox/launcher/program.h"

#include "sandbox/launcher/service.h"

#include <fmt/format.h>

#include <charconv>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace gust::sandbox::launcher {

namespace {

constexpr std::string_view kUsage =
    "gust-launcher makes the sandboxes of Gust. The daemon starts it; it is of no use by hand.\n"
    "usage: gust-launcher --socket-fd N --scratch DIR [--show DIR]...\n";

struct Arguments {
  int socket = -1;
  RootSettings root;
};

Result<Arguments> parse(int argc, char** argv) {
  Arguments parsed;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i], value = argv[i + 1];
    if (name == "--socket-fd") {
      std::from_chars(value.data(), value.data() + value.size(), parsed.socket);
    } else if (name == "--scratch") {
      parsed.root.scratch = value;
    } else if (name == "--show") {
      parsed.root.extra_dirs.emplace_back(value);
    } else {
      return fail(Code::kInvalid, fmt::format("unknown option {}\n{}", name, kUsage));
    }
  }
  if (parsed.socket < 3 || ::fcntl(parsed.socket, F_GETFD) < 0 || !parsed.root.scratch.is_absolute()) {
    return fail(Code::kInvalid, std::string(kUsage));
  }
  ::fcntl(parsed.socket, F_SETFD, FD_CLOEXEC);
  ::close_range(static_cast<unsigned>(parsed.socket) + 1, ~0U, 0);
  return parsed;
}

}  // namespace

int run_program(int argc, char** argv) {
  ::umask(022);  // what is made here is for other users to read
  auto arguments = parse(argc, argv);
  if (!arguments) {
    fmt::print(stderr, "{}", arguments.error().message);
    return 2;
  }
  Fd spare(::fcntl(arguments->socket, F_DUPFD_CLOEXEC, 3));
  auto service = Service::make(Fd(arguments->socket), arguments->root);
  if (!service) {
    (void)send_message(spare.get(), encode(Failed{0, service.error()}));
    return 1;
  }
  spare.reset();
  (*service)->run();
  return 0;
}

}  // namespace gust::sandbox::launcher
