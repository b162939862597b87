#include "codec/gzip.h"

#include "base/assert.h"

#include <zlib.h>

#include <array>

namespace gust::codec {
namespace {

constexpr int kWindow = 15, kGzip = 16;  // as zlib has it
constexpr std::size_t kPiece = 64 << 10;

Bytef* bytes_of(const char* text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text)); }

}  // namespace

struct Gzip::Stream {
  z_stream z = {};

  void run(std::string_view bytes, int flush, std::string& out) {
    std::array<char, kPiece> piece;
    z.next_in = bytes_of(bytes.data());
    z.avail_in = static_cast<uInt>(bytes.size());
    do {
      z.next_out = bytes_of(piece.data());
      z.avail_out = piece.size();
      GUST_ASSERT(deflate(&z, flush) != Z_STREAM_ERROR);
      out.append(piece.data(), piece.size() - z.avail_out);
    } while (z.avail_out == 0);
  }
};

Gzip::Gzip() : stream_(std::make_unique<Stream>()) {
  constexpr int kMemory = 8, kWay = Z_DEFAULT_STRATEGY;
  GUST_ASSERT(deflateInit2(&stream_->z, Z_BEST_SPEED, Z_DEFLATED, kWindow + kGzip, kMemory, kWay) == Z_OK);
}
Gzip::~Gzip() { deflateEnd(&stream_->z); }
void Gzip::add(std::string_view bytes, std::string& out) { stream_->run(bytes, Z_NO_FLUSH, out); }
void Gzip::finish(std::string& out) { stream_->run({}, Z_FINISH, out); }

struct Gunzip::Stream {
  z_stream z = {};
  bool within = true;
};

Gunzip::Gunzip() : stream_(std::make_unique<Stream>()) {
  GUST_ASSERT(inflateInit2(&stream_->z, kWindow + kGzip) == Z_OK);
}
Gunzip::~Gunzip() { inflateEnd(&stream_->z); }

Result<void> Gunzip::add(std::string_view bytes, std::string& out) {
  auto& z = stream_->z;
  std::array<char, kPiece> piece;
  z.next_in = bytes_of(bytes.data());
  z.avail_in = static_cast<uInt>(bytes.size());
  bool full = false;  // there may be more to come of what was taken
  while (z.avail_in > 0 || full) {
    if (!stream_->within) {
      inflateReset(&z);
      stream_->within = true;
    }
    z.next_out = bytes_of(piece.data());
    z.avail_out = piece.size();
    const auto done = inflate(&z, Z_NO_FLUSH);
    if (done != Z_OK && done != Z_STREAM_END && done != Z_BUF_ERROR)
      return fail(Code::kInvalid, "the bytes are not gzip", "gzip");
    out.append(piece.data(), piece.size() - z.avail_out);
    full = z.avail_out == 0;
    if (done != Z_STREAM_END) {
      if (done == Z_BUF_ERROR) break;
      continue;
    }
    stream_->within = false;
    full = false;
  }
  return {};
}

Result<void> Gunzip::finish() const {
  if (!stream_->within) return {};
  return fail(Code::kInvalid, "the gzip ends too early", "gzip");
}

}  // namespace gust::codec
