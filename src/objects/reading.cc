// Reading objects: the bytes of their segments in order.
#include "objects/object_store.h"
#include "objects/rows.h"
#include "objects/sealed_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

namespace gust::objects {
namespace {

struct Slice {
  Segment segment;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string bytes = {};  // of a slice in a row
  std::optional<codec::Key256> key = {};  // of a slice that is encrypted: the segment's

  // Where it lies in what is stored.
  SealedRange place() const { return key ? sealed_range(segment.size, offset, length) : SealedRange{offset, length}; }
};

std::deque<Slice> slices_of(const Object& object, std::uint64_t offset, std::uint64_t length) {
  std::deque<Slice> out;
  for (const auto& segment : object.segments) {
    if (length == 0) break;
    if (offset >= segment.size) {
      offset -= segment.size;
      continue;
    }
    const auto n = std::min(length, segment.size - offset);
    out.push_back({segment, offset, n});
    offset = 0;
    length -= n;
  }
  return out;
}

}  // namespace

// Reads slices one after another; while it lives, its blobs are not removed.
class ObjectStore::Reading final : public async::ByteSource {
 public:
  Reading(blobs::Store& blobs, async::BlockingPool& workers, std::shared_ptr<Pins> pins, std::deque<Slice> slices)
      : blobs_(blobs), workers_(workers), pins_(std::move(pins)), slices_(std::move(slices)) {
    for (const auto& slice : slices_) {
      remaining_ += slice.length;
      pinned_.push_back(slice.segment.id);
      ++pins_->readers[slice.segment.id];
    }
  }

  ~Reading() override {
    for (const auto& id : pinned_) {
      if (--pins_->readers[id] > 0) continue;
      pins_->readers.erase(id);
      if (pins_->doomed.erase(id) > 0) pins_->released.push_back(id);
    }
  }

  // Takes the bytes that are in rows, and opens the first slice, so that what is missing is known before any byte is
  // sent.
  async::Task<void> start(kv::Store& store, codec::Key256 root) {
    for (auto& slice : slices_) {
      if (!slice.segment.sealed_key.empty()) {
        GUST_CO_TRY(slice.key, unwrap_key(root, slice.segment));
      }
      if (slice.segment.place == Place::kBlob) continue;
      GUST_CO_TRY(auto bytes, co_await store.get(rows::bytes_key(slice.segment.id)));
      if (!bytes) co_return fail(Code::kNotFound, "the object was replaced", "blob");
      const auto place = slice.place();
      slice.bytes = bytes->substr(std::min<std::size_t>(place.offset, bytes->size()), place.length);
    }
    co_return co_await open_next();
  }

  async::Task<void> open_next() {
    if (slices_.empty()) co_return Result<void>{};
    auto slice = std::move(slices_.front());
    slices_.pop_front();
    const auto place = slice.place();
    if (slice.segment.place == Place::kBlob) {
      GUST_CO_TRY(current_, co_await blobs_.open(slice.segment.id, place.offset, place.length));
    } else {
      current_ = async::from_string(std::move(slice.bytes));
    }
    if (slice.key) {
      current_ =
          open_sealed(std::move(current_), *slice.key, slice.segment.size, slice.offset, slice.length, workers_);
    }
    co_return Result<void>{};
  }

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    while (remaining_ > 0) {
      if (!current_) GUST_CO_CHECK(co_await open_next());
      GUST_CO_TRY(const auto n, co_await current_->read(out));
      if (n > 0) {
        remaining_ -= n;
        co_return n;
      }
      current_.reset();
      if (slices_.empty()) co_return fail(Code::kCorrupt, "an object ends early", "blob");
    }
    co_return 0;
  }

  std::optional<std::uint64_t> remaining() const override { return remaining_; }

 private:
  blobs::Store& blobs_;
  async::BlockingPool& workers_;
  std::shared_ptr<Pins> pins_;
  std::vector<blobs::BlobId> pinned_;
  std::deque<Slice> slices_;
  std::unique_ptr<async::ByteSource> current_;
  std::uint64_t remaining_ = 0;
};

async::Task<std::unique_ptr<async::ByteSource>> ObjectStore::open(Object object, std::uint64_t offset,
                                                                  std::uint64_t length, CustomerKey key) {
  if (offset > object.size || length > object.size - offset)
    co_return fail(Code::kInvalid, "the range ends past the object", "range");
  GUST_CO_CHECK(check_customer_key(object.encryption, key));
  if (length > 0 && object.segments.size() == 1 && is_row(object.segments[0])) {
    const auto& segment = object.segments[0];
    std::optional<codec::Key256> own;
    if (!segment.sealed_key.empty()) {
      GUST_CO_TRY(own, unwrap_key(key ? *key : key_, segment));
    }
    GUST_CO_TRY(auto stored, co_await store_.get(rows::bytes_key(segment.id)));
    if (!stored) co_return fail(Code::kNotFound, "the object was replaced", "blob");
    GUST_CO_TRY(auto bytes, open_row(own, segment, *std::move(stored), offset, length));
    co_return async::from_string(std::move(bytes));
  }
  auto reading = std::make_unique<Reading>(blobs_, workers_, pins_, slices_of(object, offset, length));
  GUST_CO_CHECK(co_await reading->start(store_, key ? *std::move(key) : key_));
  co_return reading;
}

}  // namespace gust::objects
