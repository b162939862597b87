#include "auth/credentials_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sstream>
#include <unistd.h>

namespace gust::auth {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 20;

std::string trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(kBlank) - begin + 1));
}

struct File {
  int fd = -1;
  ~File() {
    if (fd >= 0) ::close(fd);
  }
};

Result<std::string> read_all(int fd, const std::string& path) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const auto n = ::read(fd, buffer, sizeof buffer);
    if (n < 0) return fail_errno(path, errno);
    if (n == 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > kMaxFile)
      return fail(Code::kInvalid, fmt::format("{} is too large for a credentials file", path), "credentials");
  }
}

}  // namespace

Result<std::optional<Keys>> read_credentials(const std::string& path, const std::string& section) {
  File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) {
    if (errno == ENOENT) return std::nullopt;
    return fail_errno(path, errno);
  }
  GUST_TRY(const auto text, read_all(file.fd, path));
  Keys keys;
  bool inside = false;
  std::istringstream lines(text);
  for (std::string raw; std::getline(lines, raw);) {
    const auto line = trimmed(raw);
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      inside = line == fmt::format("[{}]", section);
      continue;
    }
    const auto equals = line.find('=');
    if (!inside || equals == std::string::npos) continue;
    const auto name = trimmed(std::string_view(line).substr(0, equals));
    const auto value = trimmed(std::string_view(line).substr(equals + 1));
    if (name == "aws_access_key_id") keys.access_key_id = value;
    if (name == "aws_secret_access_key") keys.secret = value;
    if (name == "aws_session_token") keys.session_token = value;
  }
  if (keys.access_key_id.empty() || keys.secret.empty()) {
    return fail(Code::kInvalid,
                fmt::format("{} has no aws_access_key_id and aws_secret_access_key in its section [{}]; restore it, or "
                            "remove it and start gust again to have it written anew",
                            path, section),
                "credentials");
  }
  return keys;
}

Result<void> write_credentials(const std::string& path, const Keys& keys) {
  const auto text = fmt::format(
      "# The root keys of this Gust; an AWS shared credentials file.\n[default]\n"
      "aws_access_key_id = {}\naws_secret_access_key = {}\n",
      keys.access_key_id, keys.secret);
  const auto temporary = path + ".new";
  ::unlink(temporary.c_str());
  {
    File file{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (file.fd < 0) return fail_errno(temporary, errno);
    const auto n = ::write(file.fd, text.data(), text.size());
    if (n != static_cast<ssize_t>(text.size())) return fail_errno(temporary, n < 0 ? errno : ENOSPC);
    if (::fsync(file.fd) != 0) return fail_errno(temporary, errno);
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return fail_errno(path, errno);
  return {};
}

}  // namespace gust::auth
