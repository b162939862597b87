#include "functions/image_receiver.h"

#include "functions/snapshot_files.h"

#include <fmt/format.h>

#include <span>
#include <vector>

namespace gust::functions {
namespace {

constexpr std::size_t kMaxReason = 400, kPiece = 256 << 10;

}  // namespace

async::Task<std::uint64_t> receive_image(async::BlockingPool& disk, http::Request& request, std::string folder,
                                         std::uint64_t limit) {
  if (!request.content_length || *request.content_length > limit)
    co_return fail(Code::kTooLarge, fmt::format("the snapshot has more than {} bytes", limit));
  auto make = [folder = std::move(folder)] { return new_image(folder); };
  GUST_CO_TRY(const auto file, co_await disk.run(std::move(make)));
  std::vector<std::byte> room(kPiece);
  std::uint64_t total = 0;
  for (;;) {
    const std::span<std::byte> piece(room);
    GUST_CO_TRY(const auto n, co_await request.body->read(piece));
    if (n == 0) break;
    total += n;
    auto write = [file, &room, n] { return file->write(std::span(room).first(n)); };
    GUST_CO_CHECK(co_await disk.run(std::move(write)));
  }
  if (total != *request.content_length) co_return fail(Code::kInvalid, "the snapshot broke off");
  auto keep = [file] { return file->keep(); };
  GUST_CO_CHECK(co_await disk.run(std::move(keep)));
  co_return total;
}

async::Task<std::string> receive_refusal(http::Request& request) {
  GUST_CO_TRY(auto reason, co_await async::read_all(*request.body, kMaxReason * 4));
  co_return reason.empty() ? "its runtime said no reason" : reason.substr(0, kMaxReason);
}

}  // namespace gust::functions
