#include "api/dynamodb/answer.h"

#include "codec/json.h"
#include "wire/json_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gust::api {
namespace {

std::string units_text(double units) { return fmt::format("{:.1f}", units); }

double sum(const std::map<std::string, double>& units) {
  double out = 0;
  for (const auto& [_, one] : units) out += one;
  return out;
}

// Appends the elements with commas between them.
void append_list(std::string& out, const std::vector<std::string>& elements) {
  out += '[';
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) out += ',';
    out += elements[i];
  }
  out += ']';
}

}  // namespace

std::string& Answer::member(std::string_view name) {
  if (text_.size() > 1) text_ += ',';
  append_text(text_, name);
  text_ += ':';
  return text_;
}

Capacity::Capacity(const Object& body, Kind kind) : kind_(kind) {
  const auto asked = text_of(body, "ReturnConsumedCapacity", "NONE");
  shown_ = asked == "INDEXES" ? Shown::kIndexes : asked == "TOTAL" ? Shown::kTotal : Shown::kNone;
}

void Capacity::add(const tables::Table& table, const tables::Usage& usage) {
  if (shown_ == Shown::kNone) return;
  auto& used = tables_[table.name.str()];
  used.table += usage.table;
  for (const auto& [name, units] : usage.indexes) {
    const auto index = std::ranges::find(table.indexes, name, &tables::Index::name);
    const bool local = index != table.indexes.end() && index->scope == tables::Scope::kLocal;
    (local ? used.local : used.global)[name] += units;
  }
}

void Capacity::append(std::string& out, const std::string& name, const Used& used) const {
  const auto units = [this](Answer& to, double n) {
    to.member("CapacityUnits") += units_text(n);
    if (kind_ == Kind::kRead) to.member("ReadCapacityUnits") += units_text(n);
    if (kind_ == Kind::kWrite) to.member("WriteCapacityUnits") += units_text(n);
  };
  Answer one;
  append_text(one.member("TableName"), name);
  units(one, used.table + sum(used.local) + sum(used.global));
  if (shown_ == Shown::kIndexes) {
    Answer table;
    units(table, used.table);
    one.member("Table") += table.take();
    for (const auto& [member, indexes] :
         {std::pair{"LocalSecondaryIndexes", &used.local}, {"GlobalSecondaryIndexes", &used.global}}) {
      if (indexes->empty()) continue;
      Answer all;
      for (const auto& [index, n] : *indexes) {
        Answer each;
        units(each, n);
        all.member(index) += each.take();
      }
      one.member(member) += all.take();
    }
  }
  out += one.take();
}

void Capacity::write_one(Answer& answer) const {
  for (const auto& [name, used] : tables_) append(answer.member("ConsumedCapacity"), name, used);
}

void Capacity::write_all(Answer& answer) const {
  if (shown_ == Shown::kNone) return;
  std::vector<std::string> all;
  for (const auto& [name, used] : tables_) append(all.emplace_back(), name, used);
  append_list(answer.member("ConsumedCapacity"), all);
}

CollectionMetrics::CollectionMetrics(const Object& body)
    : asked_(text_of(body, "ReturnItemCollectionMetrics", "NONE") == "SIZE") {}

void CollectionMetrics::add(const tables::Table& table, const tables::Item& item, std::uint64_t bytes) {
  const auto hash = item.find(table.key.hash.name);
  if (!asked_ || hash == item.end() || std::ranges::find(table.indexes, tables::Scope::kLocal, &tables::Index::scope) ==
                                           table.indexes.end())
    return;
  Answer one;
  one.item("ItemCollectionKey", tables::Item{*hash});
  const auto whole = bytes >> 30;  // gigabytes that are full
  one.member("SizeEstimateRangeGB") += fmt::format("[{}.0,{}.0]", whole, whole + 1);
  tables_[table.name.str()].push_back(one.take());
}

void CollectionMetrics::write_one(Answer& answer) const {
  for (const auto& [_, metrics] : tables_) answer.member("ItemCollectionMetrics") += metrics.front();
}

void CollectionMetrics::write_all(Answer& answer) const {
  if (tables_.empty()) return;
  Answer all;
  for (const auto& [name, metrics] : tables_) append_list(all.member(name), metrics);
  answer.member("ItemCollectionMetrics") += all.take();
}

wire::Value document_of(const tables::Item& item) {
  std::string text;
  append_json(text, item);
  const auto parsed = codec::parse_json(text, 256);
  return parsed ? wire::document_from_json(*parsed) : wire::Value();
}

}  // namespace gust::api
