// Random writes against a plain map: after each batch the items, every index and what the stream tells are those of
// the map.
#include "tables/testing.h"

#include <algorithm>
#include <random>

namespace gust::tables {
namespace {

using namespace testing;

using Key = std::pair<std::string, Number>;
using Model = std::map<Key, Item>;

class ModelTest : public TableTest {
 protected:
  void SetUp() override {
    TableTest::SetUp();
    table_.key = {{"h", Type::kString}, KeyAttribute{"r", Type::kNumber}};
    table_.stream = StreamView::kNewAndOldImages;
    table_.stream_label = "label";
    const KeyAttribute h{"h", Type::kString}, a{"a", Type::kString}, b{"b", Type::kNumber}, c{"c", Type::kBinary};
    table_.indexes = {index("all", a, b), index("keys", b, {}, Projected::kKeysOnly),
                      index("bytes", c, h, Projected::kInclude, {"a"}),
                      index("local", h, b, Projected::kInclude, {"d"})};
    table_.indexes[3].scope = Scope::kLocal;
  }

  std::size_t draw(std::size_t n) { return engine_() % n; }
  Item random_key() {
    return {{"h", text(std::string(1, static_cast<char>('a' + draw(3))))},
            {"r", number(static_cast<int>(draw(8)) - 4)}};
  }
  Item random_attributes() {
    Item out;
    if (draw(3) > 0) out["a"] = text(std::string(1 + draw(2), static_cast<char>('a' + draw(2))));
    if (draw(3) > 0) out["b"] = number(static_cast<int>(draw(5)) - 2);
    if (draw(3) > 0) out["c"] = binary(std::string(1 + draw(2), static_cast<char>(draw(2) * 255)));
    if (draw(3) > 0) out["d"] = {List{number(static_cast<int>(draw(2)))}};
    return out;
  }
  static Key key_of(const Item& item) { return {*item.at("h").as<std::string>(), *item.at("r").as<Number>()}; }

  // A write, and what it does to the model.
  Write random_write(Model& model) {
    const auto key = random_key();
    const auto there = model.find(key_of(key));
    auto attributes = random_attributes();
    Condition condition;
    bool holds = true;
    if (draw(4) == 0) {
      const bool wanted = draw(2) == 0;
      condition = wanted ? is_there() : is_not_there();
      holds = wanted == (there != model.end());
    }
    const auto kind = draw(5);
    if (kind == 0) {
      if (holds && there != model.end()) model.erase(there);
      return erase_of(key, condition);
    }
    if (kind == 1) {
      if (holds) {
        auto& item = model.try_emplace(key_of(key), key).first->second;
        for (const auto& [name, value] : attributes) item[name] = value;
      }
      return update_of(key, attributes, condition);
    }
    attributes.insert(key.begin(), key.end());
    if (holds) model[key_of(key)] = attributes;
    return put_of(attributes, condition);
  }

  void run_batch(Model& model) {
    for (int i = 0; i < 20; ++i) {
      const auto before = model;
      const auto done = write(random_write(model));
      if (!done) {
        ASSERT_EQ(done.error().source, "condition") << done.error().message;
        ASSERT_EQ(model, before);
      }
    }
    // Those of a transaction name different items; any that fails takes all back.
    auto after = model;
    std::map<Key, Write> writes;
    for (int i = 0; i < 6; ++i) {
      auto trial = after;
      auto one = random_write(trial);
      const auto key = key_of(one.kind == Write::Kind::kPut ? one.item : one.key);
      if (!writes.emplace(key, one).second) continue;
      after = std::move(trial);
    }
    std::vector<Write> list;
    for (auto& [key, one] : writes) list.push_back(std::move(one));
    const auto done = run(loop_, [&] { return items_->transact(list, nullptr); });
    if (done) {
      model = std::move(after);
    } else {
      ASSERT_EQ(done.error().source, "canceled");
    }
  }

  // What an index should have, in its order; the order of equal keys is its own.
  std::vector<Item> expected(const Model& model, const Index& index) {
    std::vector<Item> out;
    for (const auto& [key, item] : model) {
      if (!item.contains(index.key.hash.name) || (index.key.range && !item.contains(index.key.range->name))) continue;
      Item projected;
      for (const auto& [name, value] : item) {
        const bool is_key = name == "h" || name == "r" || name == index.key.hash.name ||
                            (index.key.range && name == index.key.range->name);
        const bool included = std::ranges::find(index.included, name) != index.included.end();
        if (is_key || included || index.projected == Projected::kAll) projected[name] = value;
      }
      out.push_back(std::move(projected));
    }
    return out;
  }
  static std::vector<Item> by_key(std::vector<Item> items) {
    std::ranges::sort(items, {}, [](const Item& item) { return key_of(item); });
    return items;
  }

  void compare(const Model& model) {
    std::vector<Item> items;
    for (const auto& [key, item] : model) items.push_back(item);
    auto pages = query();
    pages.limit = 1 + draw(10);
    ASSERT_EQ(by_key(all(pages)), items);
    for (const auto& index : table_.indexes) {
      auto pages_of_index = query(index.name);
      pages_of_index.limit = 1 + draw(10);
      ASSERT_EQ(by_key(all(pages_of_index)), expected(model, index)) << index.name;
    }
    compare_query(model);
  }

  // The items of one hash value, by their range values, either way.
  void compare_query(const Model& model) {
    auto one = query();
    one.hash = text("b");
    one.range = {PageQuery::RangeIs::Kind::kGreaterEqual, number(-1)};
    one.backward = draw(2) == 0;
    one.limit = 1 + draw(3);
    std::vector<Item> items;
    for (const auto& [key, item] : model) {
      if (key.first == "b" && key.second >= *Number::parse("-1")) items.push_back(item);
    }
    if (one.backward) std::ranges::reverse(items);
    ASSERT_EQ(all(one), items);
  }

  // Replays records into `told`.
  void follow(Model& told, std::uint64_t& after) {
    for (;;) {
      const auto got = run(loop_, [&] { return items_->records(stream(), after, 1 + draw(20)); });
      ASSERT_TRUE(got);
      if (got->records.empty()) return;
      for (const auto& record : got->records) {
        const auto key = key_of(record.keys);
        const auto there = told.find(key);
        ASSERT_EQ(record.before, there == told.end() ? std::nullopt : std::optional(there->second));
        ASSERT_NE(record.before, record.after);
        if (record.after) {
          told[key] = *record.after;
        } else {
          told.erase(key);
        }
      }
      after = got->next;
    }
  }

  std::mt19937_64 engine_{17};
};
INSTANTIATE_TEST_SUITE_P(Stores, ModelTest, twins(), twin_name);

TEST_P(ModelTest, ItemsIndexesAndStreamsAgree) {
  Model model, told;
  std::uint64_t after = 0;
  for (int batch = 0; batch < 30; ++batch) {
    if (batch % 10 == 9) reopen();
    clock_.advance(Millis(draw(3)));
    run_batch(model);
    ASSERT_FALSE(HasFatalFailure());
    compare(model);
    ASSERT_FALSE(HasFatalFailure());
    follow(told, after);
    ASSERT_FALSE(HasFatalFailure());
    ASSERT_EQ(told, model);
  }
  EXPECT_FALSE(model.empty());
}

}  // namespace
}  // namespace gust::tables
