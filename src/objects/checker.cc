#include "objects/checker.h"

#include "async/blocking_pool.h"
#include "codec/hex.h"
#include "kv/key.h"
#include "objects/hasher.h"
#include "objects/object_store.h"
#include "objects/rows.h"
#include "objects/sealing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gust::objects {
namespace {

constexpr std::size_t kPiece = 256 << 10, kMaxProblems = 10'000;
constexpr std::string_view kAllBytes = "s3/d/";

// The ETag and the checksum of bytes as they come; those of a multipart upload are made of its parts'.
class Digests {
 public:
  Digests(std::vector<std::uint64_t> part_sizes, const std::optional<Checksum>& wanted)
      : sizes_(std::move(part_sizes)), kind_(wanted ? std::optional(wanted->kind) : std::nullopt), hasher_(kind_) {
    if (kind_) whole_.emplace(*kind_);
  }

  void update(std::span<const std::byte> bytes) {
    if (whole_ && !sizes_.empty()) whole_->update(bytes);
    while (!bytes.empty()) {
      const auto left = sizes_.empty() ? bytes.size() : part_ < sizes_.size() ? sizes_[part_] - in_part_ : bytes.size();
      const auto some = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size())));
      hasher_.update(some);
      in_part_ += some.size();
      bytes = bytes.subspan(some.size());
      if (!sizes_.empty() && part_ < sizes_.size() && in_part_ == sizes_[part_]) end_part();
    }
  }

  // Empty when they are these, else what differs.
  std::string compare(const std::string& etag, const std::optional<Checksum>& checksum) {
    while (part_ < sizes_.size()) end_part();  // those of no bytes
    if (sizes_.empty()) end_part();
    std::string md5s;
    for (const auto& one : md5s_) md5s += one;
    const auto got = sizes_.empty() ? codec::to_hex(md5s)
                                    : fmt::format("{}-{}", codec::to_hex(codec::digest(codec::DigestKind::kMd5, md5s)),
                                                  sizes_.size());
    if (got != etag) return fmt::format("its bytes have the ETag {}, not {}", got, etag);
    if (!checksum) return {};
    const auto value = sizes_.empty()                              ? values_.at(0)
                       : checksum->type == ChecksumType::kComposite ? composite(*kind_, values_).value
                                                                    : whole_->finish();
    if (value != checksum->value) return "its bytes do not match its checksum";
    return {};
  }

 private:
  void end_part() {
    auto done = hasher_.finish();
    md5s_.push_back(std::move(done.md5));
    if (done.checksum) values_.push_back(std::move(done.checksum->value));
    hasher_ = Hasher(kind_);
    ++part_;
    in_part_ = 0;
  }

  std::vector<std::uint64_t> sizes_;
  std::optional<ChecksumKind> kind_;
  Hasher hasher_;
  std::optional<ChecksumStream> whole_;
  std::vector<std::string> md5s_, values_;
  std::size_t part_ = 0;
  std::uint64_t in_part_ = 0;
};

class Check {
 public:
  explicit Check(CheckInput input) : in_(std::move(input)) {}

  async::Task<CheckReport> run() {
    GUST_CO_CHECK(co_await each_row(rows::kBuckets, &Check::bucket));
    GUST_CO_CHECK(co_await each_row(rows::kAllUploads, &Check::upload));
    GUST_CO_CHECK(co_await each_row(rows::kAllObjects, &Check::object));
    GUST_CO_CHECK(co_await each_row(rows::kAllVersions, &Check::object));
    GUST_CO_CHECK(co_await each_row(rows::kAllParts, &Check::part));
    GUST_CO_CHECK(co_await each_row(rows::kGarbage, &Check::garbage));
    GUST_CO_CHECK(co_await each_row(kAllBytes, &Check::inline_bytes));
    GUST_CO_CHECK(co_await other_blobs());
    // What the start would keep is no orphan, even where a row of it is too damaged to be read above.
    auto job = [this] { return ObjectStore::referenced(in_.rows); };
    if (const auto kept = co_await pool_.run(std::move(job)); kept) named_.insert(kept->begin(), kept->end());
    look_for_orphans();
    co_return std::move(out_);
  }

 private:
  using Visit = async::Task<void> (Check::*)(kv::Entry);

  void problem(Problem::Kind kind, std::string what, std::string why) {
    if (out_.problems.size() < kMaxProblems) out_.problems.push_back({kind, std::move(what), std::move(why)});
  }

  async::Task<void> each_row(std::string_view prefix, Visit visit) {
    auto range = kv::Range::prefix(std::string(prefix), 200);
    for (;;) {
      auto job = [this, range] { return in_.rows.scan(range); };
      auto found = co_await pool_.run(std::move(job));
      if (!found && found.error().code == Code::kCorrupt) {
        problem(Problem::Kind::kDamaged, fmt::format("rows from {} on", printable(range.begin)), found.error().message);
        saw_all_rows_ = false;
        co_return Result<void>{};
      }
      if (!found) co_return std::unexpected(found.error());
      const bool last = found->size() < range.limit;
      if (!last) range.begin = found->back().key + '\0';
      for (auto& row : *found) GUST_CO_CHECK(co_await (this->*visit)(std::move(row)));
      if (last) co_return Result<void>{};
    }
  }

  void undecodable(const kv::Entry& row, const Error& error) {
    problem(Problem::Kind::kUndecodable, fmt::format("row {}", printable(row.key)), error.message);
  }

  static std::string printable(std::string_view key) {
    std::string out;
    for (const char c : key) {
      if (c > ' ' && c <= '~' && c != '\\') {
        out += c;
      } else {
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
      }
    }
    return out;
  }

  async::Task<void> bucket(kv::Entry row) {
    ++out_.buckets;
    if (const auto decoded = rows::decode_bucket(row.value); !decoded) undecodable(row, decoded.error());
    co_return Result<void>{};
  }

  async::Task<void> upload(kv::Entry row) {
    ++out_.uploads;
    const auto decoded = rows::decode_upload(row.value);
    if (decoded) {
      uploads_.insert(decoded->id);
      if (decoded->encryption.kind == EncryptionKind::kCustomer) customer_uploads_.insert(decoded->id);
    } else {
      undecodable(row, decoded.error());
    }
    co_return Result<void>{};
  }

  // A current version or an older one: their rows differ in the key only.
  async::Task<void> object(kv::Entry row) {
    static_assert(rows::kAllObjects.size() == rows::kAllVersions.size());
    ++out_.objects;
    const auto decoded = rows::decode_object(row.value);
    if (!decoded) {
      undecodable(row, decoded.error());
      co_return Result<void>{};
    }
    auto rest = std::string_view(row.key).substr(rows::kAllObjects.size());
    std::string bucket_name;
    if (!kv::take_text(rest, bucket_name)) bucket_name = "?";
    if (decoded->kind == VersionKind::kDeleteMarker) co_return Result<void>{};
    std::vector<std::uint64_t> part_sizes;
    for (const auto& one : decoded->parts) part_sizes.push_back(one.size);
    Digests digests(std::move(part_sizes), decoded->checksum);
    auto what = fmt::format("{}/{}", bucket_name, decoded->key);
    if (row.key.starts_with(rows::kAllVersions)) {
      what += fmt::format(" version {}", decoded->version_id.empty() ? "null" : decoded->version_id);
    }
    // An upload from before has sealed parts, too: those are of the store's key.
    const auto owner = decoded->encryption.kind == EncryptionKind::kCustomer ? EncryptionKind::kCustomer
                                                                             : EncryptionKind::kStore;
    co_return co_await bytes(std::move(what), decoded->segments, decoded->size, std::move(digests), decoded->etag,
                             decoded->checksum, owner);
  }

  async::Task<void> part(kv::Entry row) {
    ++out_.parts;
    auto rest = std::string_view(row.key).substr(rows::kAllParts.size());
    std::string upload_id;
    const auto decoded = rows::decode_part(row.value);
    if (!decoded || !kv::take_text(rest, upload_id)) {
      undecodable(row, decoded ? Error{Code::kCorrupt, "its key is malformed", ""} : decoded.error());
      co_return Result<void>{};
    }
    auto what = fmt::format("upload {} part {}", upload_id, decoded->number);
    if (saw_all_rows_ && !uploads_.contains(upload_id))
      problem(Problem::Kind::kOrphanRow, what, "its upload is not there");
    Digests digests({}, decoded->checksum);
    const auto owner = customer_uploads_.contains(upload_id) ? EncryptionKind::kCustomer : EncryptionKind::kStore;
    co_return co_await bytes(std::move(what), decoded->segments, decoded->size, std::move(digests), decoded->etag,
                             decoded->checksum, owner);
  }

  async::Task<void> garbage(kv::Entry row) {
    going_.insert(blobs::BlobId(row.key.substr(rows::kGarbage.size())));
    co_return Result<void>{};
  }

  async::Task<void> inline_bytes(kv::Entry row) {
    if (saw_all_rows_ && !inline_.contains(row.key.substr(kAllBytes.size())))
      problem(Problem::Kind::kOrphanRow, fmt::format("row {}", printable(row.key)), "no object or part names it");
    co_return Result<void>{};
  }

  // Reads the segments through; what is wrong with them is one problem. Those that cannot be opened are read as stored.
  async::Task<void> bytes(std::string what, std::vector<Segment> segments, std::uint64_t size, Digests digests,
                          std::string etag, std::optional<Checksum> checksum, EncryptionKind owner) {
    std::uint64_t sum = 0;
    for (const auto& segment : segments) {
      sum += segment.size;
      if (segment.place == Place::kBlob) named_.insert(segment.id);
      if (segment.place == Place::kRow) inline_.insert(segment.id.str());
    }
    if (sum != size) {
      problem(Problem::Kind::kUndecodable, what, fmt::format("its segments have {} bytes, not {}", sum, size));
      co_return Result<void>{};
    }
    bool opened = true;
    for (const auto& segment : segments) {
      const bool opens = segment.sealed_key.empty() || (in_.key && owner == EncryptionKind::kStore);
      opened = opened && opens;
      const auto done = co_await (opens ? read(segment, digests) : read_sealed(segment));
      if (done) continue;
      const auto kind = done.error().code == Code::kNotFound ? Problem::Kind::kMissing : Problem::Kind::kDamaged;
      problem(kind, what, done.error().message);
      co_return Result<void>{};
    }
    if (!opened) co_return Result<void>{};
    if (auto differs = digests.compare(etag, checksum); !differs.empty())
      problem(Problem::Kind::kDamaged, what, std::move(differs));
    co_return Result<void>{};
  }

  // The bytes as they are stored.
  async::Task<std::unique_ptr<async::ByteSource>> open(Segment segment) {
    const auto stored = stored_bytes(segment);
    if (segment.place == Place::kRow) {
      auto job = [this, &segment] { return in_.rows.get(rows::bytes_key(segment.id)); };
      GUST_CO_TRY(auto row, co_await pool_.run(std::move(job)));
      if (!row) co_return fail(Code::kNotFound, fmt::format("there is no row of its bytes, {}", segment.id));
      if (row->size() != stored)
        co_return fail(Code::kCorrupt, fmt::format("the row of its bytes has {}, not {}", row->size(), stored));
      co_return async::from_string(*std::move(row));
    }
    GUST_CO_TRY(const auto there, co_await in_.blobs.size(segment.id));
    if (there != stored)
      co_return fail(Code::kCorrupt, fmt::format("blob {} has {} bytes, not {}", segment.id, there, stored));
    co_return co_await in_.blobs.open(segment.id, 0, stored);
  }

  async::Task<void> read(const Segment& segment, Digests& digests) {
    GUST_CO_TRY(auto source, co_await open(segment));
    if (!segment.sealed_key.empty()) {
      GUST_CO_TRY(const auto key, unwrap_key(*in_.key, segment));
      source = open_sealed(std::move(source), key, segment.size, 0, segment.size, pool_);
    }
    for (;;) {
      GUST_CO_TRY(const auto n, co_await source->read(piece_));
      if (n == 0) co_return Result<void>{};
      auto job = [this, &digests, n]() -> Result<void> {
        digests.update(std::span<const std::byte>(piece_).first(n));
        return {};
      };
      GUST_CO_CHECK(co_await pool_.run(std::move(job)));
      out_.bytes += n;
    }
  }

  async::Task<void> read_sealed(const Segment& segment) {
    GUST_CO_TRY(const auto source, co_await open(segment));
    for (;;) {
      GUST_CO_TRY(const auto n, co_await source->read(piece_));
      if (n == 0) break;
    }
    out_.bytes += segment.size;
    co_return Result<void>{};
  }

  async::Task<void> other_blobs() {
    for (const auto& id : in_.others) {
      if (id.empty()) continue;
      const auto done = co_await in_.blobs.check(id);
      if (done) continue;
      const auto kind = done.error().code == Code::kNotFound ? Problem::Kind::kMissing : Problem::Kind::kDamaged;
      problem(kind, fmt::format("blob {} of a function's code", id), done.error().message);
    }
    co_return Result<void>{};
  }

  void look_for_orphans() {
    const auto waiting = in_.blobs.waiting_to_go();
    for (const auto& blob : in_.there.blobs) {
      ++out_.blobs;
      const auto is_known = [&](const auto& ids) { return ids.contains(blob.id); };
      if (is_known(named_) || is_known(in_.others) || is_known(going_) || is_known(waiting)) continue;
      if (!saw_all_rows_ || blob.modified_at >= in_.orphans_before) continue;
      problem(Problem::Kind::kOrphanBlob, fmt::format("blob {}", blob.id),
              "no row names it; the next start removes it");
    }
    if (in_.orphans_before != WallTime::max()) return;
    for (const auto& name : in_.there.unfinished)
      problem(Problem::Kind::kUnfinished, fmt::format("new/{}", name), "was never whole; the next start removes it");
  }

  CheckInput in_;
  CheckReport out_;
  std::set<std::string> uploads_, customer_uploads_, inline_;
  std::set<blobs::BlobId> named_, going_;
  bool saw_all_rows_ = true;  // else what seems to belong to nothing may belong to one that cannot be read
  std::vector<std::byte> piece_ = std::vector<std::byte>(kPiece);
  async::BlockingPool pool_{"check", 1};
};

}  // namespace

std::string_view name_of(Problem::Kind kind) {
  constexpr std::array<std::string_view, 6> kNames{"damaged",     "missing",    "undecodable",
                                                   "orphan blob", "orphan row", "unfinished"};
  return kNames[static_cast<std::size_t>(kind)];
}

async::Task<BlobListing> list_blobs(blobs::FileStore& blobs) {
  BlobListing out;
  for (unsigned folder = 0; folder < blobs::FileStore::kFolders; ++folder) {
    GUST_CO_TRY(auto some, co_await blobs.list(folder));
    out.blobs.insert(out.blobs.end(), some.begin(), some.end());
  }
  GUST_CO_TRY(out.unfinished, co_await blobs.unfinished());
  co_return out;
}

async::Task<CheckReport> check_everything(CheckInput input) {
  const auto check = std::make_unique<Check>(std::move(input));
  co_return co_await check->run();
}

}  // namespace gust::objects
