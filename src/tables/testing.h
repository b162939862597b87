// For tests only: an item store on either twin of kv, in memory or durable in a folder of its own, and short ways to
// say items.
#pragma once

#include "async/task_group.h"
#include "async/testing.h"
#include "kv/memory/memory_store.h"
#include "kv/rocks/rocks_store.h"
#include "tables/item_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace gust::tables::testing {

using async::Task;
using async::testing::run;

inline Value text(std::string s) { return {std::move(s)}; }
inline Value number(std::string_view s) { return {Number::parse(s).value()}; }
inline Value number(int n) { return number(std::to_string(n)); }
inline Value binary(std::string s) { return {Binary{std::move(s)}}; }

// "pk" and "sk" are strings.
inline Table two_keys() {
  Table table;
  table.name = TableName("things");
  table.id = "0d4f5a3e-0000-4000-8000-000000000001";
  table.key = {{"pk", Type::kString}, KeyAttribute{"sk", Type::kString}};
  return table;
}

inline Index index(std::string name, KeyAttribute hash, std::optional<KeyAttribute> range = {},
                   Projected projected = Projected::kAll, std::vector<std::string> included = {}) {
  Index out;
  out.name = std::move(name);
  out.key = {std::move(hash), std::move(range)};
  out.projected = projected;
  out.included = std::move(included);
  return out;
}

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "gust-tables-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

class TableTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { reopen(); }

  // As after a restart; what is in memory stays.
  void reopen() {
    items_.reset();
    if (std::string_view(GetParam()) == "durable") {
      store_.reset();
      store_ = *kv::RocksStore::open(folder_.path / "kv", {.threads = 4});
    } else if (!store_) {
      store_ = std::make_unique<kv::MemoryStore>();
    }
    items_ = std::make_unique<ItemStore>(*store_, clock_, 2);
  }

  Item key(std::string pk, std::string sk) const {
    return {{"pk", text(std::move(pk))}, {"sk", text(std::move(sk))}};
  }
  Item item(std::string pk, std::string sk, Item more = {}) const {
    more.merge(key(std::move(pk), std::move(sk)));
    return more;
  }
  Write put_of(Item item, Condition condition = {}) const {
    Write write;
    write.table = table_;
    write.item = std::move(item);
    write.condition = std::move(condition);
    return write;
  }
  Write erase_of(Item key, Condition condition = {}) const {
    Write write;
    write.kind = Write::Kind::kDelete;
    write.table = table_;
    write.key = std::move(key);
    write.condition = std::move(condition);
    return write;
  }
  // Sets attributes.
  Write update_of(Item key, Item more, Condition condition = {}) const {
    auto write = erase_of(std::move(key), std::move(condition));
    write.kind = Write::Kind::kUpdate;
    write.change = [more](const Item& there) -> Result<Item> {
      auto out = there;
      for (const auto& [name, value] : more) out[name] = value;
      return out;
    };
    return write;
  }
  Write check_of(Item key, Condition condition) const {
    auto write = erase_of(std::move(key), std::move(condition));
    write.kind = Write::Kind::kCheck;
    return write;
  }

  Result<Written> write(Write write, std::shared_ptr<std::optional<Item>> found = nullptr) {
    return run(loop_, [&] { return items_->write(std::move(write), found); });
  }
  Result<Written> put(Item item, Condition condition = {}) { return write(put_of(std::move(item), condition)); }
  Result<std::optional<Item>> get(Item key) {
    return run(loop_, [&] { return items_->get(table_, key); });
  }
  PageQuery query(std::string index = {}) const {
    PageQuery query;
    query.table = table_;
    query.index = std::move(index);
    return query;
  }
  Result<Page> page(PageQuery query) {
    return run(loop_, [&] { return items_->page(std::move(query)); });
  }
  // All pages.
  std::vector<Item> all(PageQuery query) {
    std::vector<Item> out;
    for (;;) {
      auto got = page(query);
      EXPECT_TRUE(got) << got.error().message;
      if (!got) return out;
      out.insert(out.end(), got->items.begin(), got->items.end());
      if (!got->last) return out;
      query.start = got->last;
    }
  }
  std::size_t row_count(const std::string& prefix) {
    return store_->snapshot()->scan(kv::Range::prefix(prefix, 1'000'000))->size();
  }
  StreamName stream() const { return {table_.id, table_.stream_label}; }

  boost::asio::io_context loop_;
  Folder folder_;
  env::FakeClock clock_;
  std::unique_ptr<kv::Store> store_;
  std::unique_ptr<ItemStore> items_;
  Table table_ = two_keys();
};

inline auto twins() { return ::testing::Values("memory", "durable"); }
inline std::string twin_name(const ::testing::TestParamInfo<const char*>& info) { return info.param; }

inline Condition is_there() {
  return [](const Item& there) -> Result<bool> { return !there.empty(); };
}
inline Condition is_not_there() {
  return [](const Item& there) -> Result<bool> { return there.empty(); };
}

}  // namespace gust::tables::testing
