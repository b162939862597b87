#include "kv/memory/memory_store.h"

namespace gust::kv {
namespace {

constexpr int kMaxAttempts = 16;

// The rows of `range` in its order; `Map` maps keys to something that `bytes_of` turns into a string.
template <typename Map, typename BytesOf>
std::vector<Entry> entries(const Map& rows, const Range& range, BytesOf bytes_of) {
  std::vector<Entry> out;
  const auto first = rows.lower_bound(range.begin);
  const auto last = range.end.empty() ? rows.end() : rows.lower_bound(range.end);
  if (!range.end.empty() && range.end <= range.begin) return out;
  if (range.order == Order::kForward) {
    for (auto it = first; it != last && out.size() < range.limit; ++it)
      out.push_back({it->first, bytes_of(it->second)});
  } else {
    for (auto it = last; it != first && out.size() < range.limit;) {
      --it;
      out.push_back({it->first, bytes_of(it->second)});
    }
  }
  return out;
}

}  // namespace

class MemoryStore::Tx final : public Transaction {
 public:
  explicit Tx(MemoryStore& store) : store_(store) {}

  Result<std::optional<std::string>> get(std::string_view key) override {
    if (const auto it = writes_.find(key); it != writes_.end()) return it->second;
    std::lock_guard lock(store_.mutex_);
    const auto version = store_.version_;
    reads_.emplace(std::string(key), version);
    const auto it = store_.rows_.find(key);
    if (it == store_.rows_.end()) return std::nullopt;
    return it->second.bytes;
  }

  Result<std::vector<Entry>> scan(const Range& range) override {
    std::map<std::string, std::string, std::less<>> merged;
    {
      std::lock_guard lock(store_.mutex_);
      for (const auto& [key, value] : store_.rows_) merged.emplace(key, value.bytes);
    }
    for (const auto& [key, value] : writes_) {
      if (value) {
        merged[key] = *value;
      } else {
        merged.erase(key);
      }
    }
    return entries(merged, range, [](const std::string& bytes) { return bytes; });
  }

  void put(std::string_view key, std::string_view value) override { writes_[std::string(key)] = std::string(value); }
  void erase(std::string_view key) override { writes_[std::string(key)] = std::nullopt; }

  void after_commit(Then then) override { then_.push_back(std::move(then)); }
  void run_then() {
    for (auto& then : then_) then();
  }

  // False when a row that was read has changed since.
  bool commit() {
    std::lock_guard lock(store_.mutex_);
    if (!is_current()) return false;
    const auto version = ++store_.version_;
    for (auto& [key, value] : writes_) {
      if (value) {
        store_.rows_[key] = Value{std::move(*value), version};
      } else if (store_.rows_.erase(key) > 0) {
        store_.erased_[key] = version;
      }
    }
    return true;
  }
  // The same, for a body that failed: what it read was there at one moment.
  bool was_one_moment() {
    std::lock_guard lock(store_.mutex_);
    return is_current();
  }

 private:
  bool is_current() const {
    for (const auto& [key, version] : reads_) {
      const auto row = store_.rows_.find(key);
      if (row != store_.rows_.end() && row->second.version > version) return false;
      const auto gone = store_.erased_.find(key);
      if (gone != store_.erased_.end() && gone->second > version) return false;
    }
    return true;
  }

  MemoryStore& store_;
  std::map<std::string, std::uint64_t, std::less<>> reads_;
  std::map<std::string, std::optional<std::string>, std::less<>> writes_;
  std::vector<Then> then_;
};

class MemoryStore::Frozen final : public Reader {
 public:
  explicit Frozen(Rows rows) : rows_(std::move(rows)) {}
  Result<std::optional<std::string>> get(std::string_view key) override {
    const auto it = rows_.find(key);
    if (it == rows_.end()) return std::nullopt;
    return it->second.bytes;
  }
  Result<std::vector<Entry>> scan(const Range& range) override {
    return entries(rows_, range, [](const Value& value) { return value.bytes; });
  }

 private:
  Rows rows_;
};

MemoryStore::MemoryStore() : pool_("kv-memory", 4) {}

Result<void> MemoryStore::run(const Body& body) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    Tx tx(*this);
    const auto done = body(tx);
    if (!done && tx.was_one_moment()) return done;
    if (!done || !tx.commit()) continue;
    tx.run_then();
    return {};
  }
  return fail(Code::kConflict, "the rows changed on every attempt; try again");
}

async::Task<void> MemoryStore::transact(Body body, Durability) {
  auto job = [this, body = std::move(body)] { return run(body); };
  co_return co_await pool_.run(std::move(job));
}

async::Task<std::optional<std::string>> MemoryStore::get(std::string key) {
  std::lock_guard lock(mutex_);
  const auto it = rows_.find(key);
  if (it == rows_.end()) co_return std::nullopt;
  co_return it->second.bytes;
}

async::Task<std::vector<Entry>> MemoryStore::scan(Range range) {
  std::lock_guard lock(mutex_);
  co_return entries(rows_, range, [](const Value& value) { return value.bytes; });
}

std::unique_ptr<Reader> MemoryStore::snapshot() {
  std::lock_guard lock(mutex_);
  return std::make_unique<Frozen>(rows_);
}

}  // namespace gust::kv
