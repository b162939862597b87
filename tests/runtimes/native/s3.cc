#include "s3.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <stdexcept>

static std::string hex(std::string const& bytes) {
  std::string out;
  for (const unsigned char c : bytes) {
    out += "0123456789abcdef"[c >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  return out;
}

static std::string sha256(std::string const& text) {
  unsigned char digest[32];
  EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha256(), nullptr);
  return hex(std::string(reinterpret_cast<char*>(digest), sizeof digest));
}

static std::string hmac(std::string const& key, std::string const& text) {
  unsigned char digest[32];
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<unsigned char const*>(text.data()),
       text.size(), digest, nullptr);
  return std::string(reinterpret_cast<char*>(digest), sizeof digest);
}

static std::string exchange(std::string const& address, std::string const& request) {
  const auto colon = address.find(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<unsigned short>(std::atoi(address.c_str() + colon + 1)));
  ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) throw std::runtime_error("cannot connect");
  if (::write(fd, request.data(), request.size()) != static_cast<ssize_t>(request.size()))
    throw std::runtime_error("cannot send");
  std::string got;
  char piece[4096];
  for (ssize_t n; (n = ::read(fd, piece, sizeof piece)) > 0;) got.append(piece, static_cast<std::size_t>(n));
  ::close(fd);
  return got;
}

std::string s3_request(std::string const& method, std::string const& path, std::string const& body) {
  const auto env = [](char const* name) { return std::string(std::getenv(name)); };
  const auto host = env("AWS_ENDPOINT_URL").substr(7), region = env("AWS_REGION"), token = env("AWS_SESSION_TOKEN");
  char date[32];
  const auto now = std::time(nullptr);
  std::strftime(date, sizeof date, "%Y%m%dT%H%M%SZ", std::gmtime(&now));
  const std::string day(date, 8), scope = day + "/" + region + "/s3/aws4_request", digest = sha256(body);
  const std::string names = "host;x-amz-content-sha256;x-amz-date;x-amz-security-token";
  const auto canonical = method + "\n" + path + "\n\nhost:" + host + "\nx-amz-content-sha256:" + digest +
                         "\nx-amz-date:" + date + "\nx-amz-security-token:" + token + "\n\n" + names + "\n" + digest;
  const auto key = hmac(hmac(hmac(hmac("AWS4" + env("AWS_SECRET_ACCESS_KEY"), day), region), "s3"), "aws4_request");
  const auto signature =
      hex(hmac(key, "AWS4-HMAC-SHA256\n" + std::string(date) + "\n" + scope + "\n" + sha256(canonical)));
  const auto answer =
      exchange(host, method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\nX-Amz-Content-Sha256: " + digest +
                         "\r\nX-Amz-Date: " + date + "\r\nX-Amz-Security-Token: " + token +
                         "\r\nAuthorization: AWS4-HMAC-SHA256 Credential=" + env("AWS_ACCESS_KEY_ID") + "/" + scope +
                         ", SignedHeaders=" + names + ", Signature=" + signature +
                         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body);
  if (answer.compare(0, 12, "HTTP/1.1 200") != 0) throw std::runtime_error(answer);
  return answer.substr(answer.find("\r\n\r\n") + 4);
}
