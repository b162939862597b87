// Tls: what a server shows who it is with: a certificate and its key, read again when their files change. Loop thread
// only.
#pragma once

#include "base/result.h"

#include <boost/asio/ssl/context.hpp>

#include <filesystem>
#include <memory>
#include <string>

namespace gust::http {

class Tls {
 public:
  // Files in PEM: the certificate with those that lead from it to its authority, and the key without a password.
  // kInvalid "tls" names the file and what is wrong. TLS 1.2 and 1.3.
  static Result<std::shared_ptr<Tls>> open(std::string certificate, std::string key);

  // For a connection that begins. Files that have changed are read; where they cannot be, the ones before stay.
  boost::asio::ssl::context& context();

 private:
  using Times = std::pair<std::filesystem::file_time_type, std::filesystem::file_time_type>;
  Tls(std::string certificate, std::string key) : certificate_(std::move(certificate)), key_(std::move(key)) {}
  Result<std::unique_ptr<boost::asio::ssl::context>> read() const;
  Times times() const;

  std::string certificate_, key_;
  std::unique_ptr<boost::asio::ssl::context> context_;
  Times read_at_;  // the files' times when they were read
};

}  // namespace gust::http
