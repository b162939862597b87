// Gzip (RFC 1952) by zlib, piece by piece. One thread at a time.
#pragma once

#include "base/result.h"

#include <memory>
#include <string>
#include <string_view>

namespace gust::codec {

class Gzip {
 public:
  Gzip();
  ~Gzip();
  Gzip(const Gzip&) = delete;

  void add(std::string_view bytes, std::string& out);  // appends what is ready
  void finish(std::string& out);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

class Gunzip {
 public:
  Gunzip();
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;

  // Appends what these bytes give. kInvalid: they are not gzip. Several members one after another are one text.
  Result<void> add(std::string_view bytes, std::string& out);
  // kInvalid when it ended within a member.
  Result<void> finish() const;

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace gust::codec
