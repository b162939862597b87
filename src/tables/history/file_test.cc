// Checks a history that another program recorded, tests/crash/test_history_tables.py, which says in GUST_HISTORY where.
// A line of it is an operation on one item, {"item": NAME, "do": "get"|"put"|..., "argument", "if": "there"|"absent"|
// "value", "expected", "held", "before", "after"}, or a transaction, {"reads": {NAME: [...]}, "appends": {NAME: N},
// "outcome": "done"|"failed"|"unknown"}; both with "client", "called" and "returned". Without "held" an operation is
// unknown, without "returned" there is no end to when it may happen. An item is [value, count, [...]], or null.
#include "codec/json.h"
#include "tables/history/item_model.h"
#include "tables/history/serializability.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace gust::tables::history {
namespace {

namespace json = codec::json;

std::int64_t integer_of(const json::object& line, std::string_view name, std::int64_t otherwise) {
  const auto* found = line.if_contains(name);
  return found == nullptr || found->is_null() ? otherwise : found->to_number<std::int64_t>();
}

Elements elements_of(const json::value& list) {
  Elements out;
  for (const auto& element : list.as_array()) out.push_back(element.to_number<std::int64_t>());
  return out;
}

std::optional<ItemModel::State> state_of(const json::object& line, std::string_view name) {
  const auto* found = line.if_contains(name);
  if (found == nullptr) return std::nullopt;
  if (found->is_null()) return ItemModel::State();
  const auto& parts = found->as_array();
  return ItemState{parts.at(0).to_number<std::int64_t>(), parts.at(1).to_number<std::int64_t>(),
                   elements_of(parts.at(2))};
}

// The place of a word among words.
template <typename Enum>
Enum one_of(std::initializer_list<std::string_view> words, std::string_view word) {
  const auto found = std::ranges::find(words, word);
  if (found == words.end()) throw std::invalid_argument("an unknown word: " + std::string(word));
  return static_cast<Enum>(found - words.begin());
}

std::string_view word_of(const json::object& line, std::string_view name, std::string_view otherwise) {
  const auto* found = line.if_contains(name);
  return found == nullptr ? otherwise : std::string_view(found->as_string());
}

ItemEvent event_of(const json::object& line) {
  ItemEvent out;
  out.call.kind = one_of<ItemModel::Kind>({"get", "check", "put", "delete", "set", "add", "append"},
                                          line.at("do").as_string());
  out.call.argument = integer_of(line, "argument", 0);
  out.call.condition = one_of<ItemModel::If>({"", "there", "absent", "value"}, word_of(line, "if", ""));
  out.call.expected = integer_of(line, "expected", 0);
  out.called = integer_of(line, "called", 0);
  out.returned = integer_of(line, "returned", kNever);
  out.client = static_cast<int>(integer_of(line, "client", 0));
  if (const auto* held = line.if_contains("held"))
    out.answer = ItemModel::Answer{held->as_bool(), state_of(line, "before"), state_of(line, "after")};
  return out;
}

Transaction transaction_of(const json::object& line) {
  Transaction out;
  for (const auto& [key, list] : line.at("reads").as_object()) out.reads[key] = elements_of(list);
  for (const auto& [key, element] : line.at("appends").as_object())
    out.appends[key] = element.to_number<std::int64_t>();
  out.outcome = one_of<Transaction::Outcome>({"done", "failed", "unknown"}, line.at("outcome").as_string());
  out.called = integer_of(line, "called", 0);
  out.returned = integer_of(line, "returned", kNever);
  out.client = static_cast<int>(integer_of(line, "client", 0));
  return out;
}

// The lines "wrong: ..." and "checked ..." are what the other program reads.
void check(std::istream& lines) {
  std::map<std::string, std::vector<ItemEvent>> items;
  std::vector<Transaction> transactions;
  std::size_t events = 0;
  for (std::string text; std::getline(lines, text);) {
    const auto line = codec::parse_json(text);
    ASSERT_TRUE(line) << text;
    const auto& object = line->as_object();
    if (const auto* item = object.if_contains("item")) {
      items[std::string(item->as_string())].push_back(event_of(object));
      ++events;
    } else {
      transactions.push_back(transaction_of(object));
    }
  }
  for (auto& [name, history] : items) {
    const auto wrong = not_linearizable(std::move(history));
    EXPECT_FALSE(wrong) << "wrong: " << name << ": " << *wrong;
  }
  const auto count = transactions.size();
  const auto wrong = not_serializable(std::move(transactions));
  EXPECT_FALSE(wrong) << "wrong: " << *wrong;
  fmt::print("checked {} operations and {} transactions\n", events, count);
}

TEST(HistoryFile, DISABLED_Check) {
  const char* path = std::getenv("GUST_HISTORY");
  ASSERT_NE(path, nullptr);
  std::ifstream file(path);
  ASSERT_TRUE(file.is_open());
  check(file);
}

TEST(HistoryFile, ReadsWhatItIsGiven) {
  std::istringstream right(R"({"item":"a","do":"put","argument":1,"held":true,"before":null,"called":1,"returned":2}
{"item":"a","do":"set","argument":2,"if":"value","expected":1,"held":true,"after":[2,0,[]],"called":3,"returned":4}
{"item":"a","do":"get","called":5}
{"reads":{"x":[]},"appends":{"x":1},"outcome":"done","called":1,"returned":2}
{"reads":{"x":[1]},"appends":{},"outcome":"done","called":3,"returned":4})");
  check(right);
  const auto line = codec::parse_json(R"({"item":"a","do":"append","argument":7,"called":5,"client":3})");
  const auto event = event_of(line->as_object());
  EXPECT_EQ(event.call.kind, ItemModel::Kind::kAppend);
  EXPECT_EQ(event.call.argument, 7);
  EXPECT_FALSE(event.answer);
  EXPECT_EQ(event.returned, kNever);
  const auto failed = codec::parse_json(R"({"reads":{},"appends":{"x":1},"outcome":"failed","called":5})");
  EXPECT_EQ(transaction_of(failed->as_object()).outcome, Transaction::Outcome::kFailed);
}

}  // namespace
}  // namespace gust::tables::history
