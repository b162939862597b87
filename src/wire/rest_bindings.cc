#include "wire/rest_bindings.h"

#include "codec/base64.h"
#include "wire/members.h"
#include "wire/scalar.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::wire {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The items of a list header; quoted strings keep their commas, HTTP dates have one of their own.
std::vector<std::string> split_list(std::string_view text, bool dates) {
  std::vector<std::string> items;
  std::string item;
  bool quoted = false, was_quoted = false;
  int commas = 0;
  const auto end_item = [&] {
    items.emplace_back(was_quoted ? item : std::string(trim(item)));
    item.clear();
    was_quoted = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\' && i + 1 < text.size()) {
      item += text[++i];
    } else if (c == '"' && (quoted || trim(item).empty())) {
      quoted = !quoted;
      if (quoted) item.clear();
      was_quoted = true;
    } else if (c == ',' && !quoted && !(dates && ++commas % 2 == 1)) {
      end_item();
    } else if (!was_quoted || quoted) {
      item += c;
    }
  }
  end_item();
  return items;
}

Result<Value> parse_header(const Ref& ref, std::string_view text) {
  if (ref.json_value) {
    GUST_TRY(auto json, codec::from_base64(text));
    return Value(std::move(json));
  }
  if (ref.shape->kind != Kind::kList) return parse_scalar(ref, text, TimeFormat::kHttpDate);
  const auto& item_ref = ref.shape->member;
  const bool dates = item_ref.shape->kind == Kind::kTimestamp &&
                     time_format_of(item_ref, TimeFormat::kHttpDate) == TimeFormat::kHttpDate;
  Value::List out;
  if (text.empty()) return Value(std::move(out));
  for (const auto& item : split_list(text, dates)) {
    GUST_TRY(auto value, parse_scalar(item_ref, item, TimeFormat::kHttpDate));
    out.push_back(std::move(value));
  }
  return Value(std::move(out));
}

std::string header_text(const Ref& ref, const Value& value) {
  if (ref.json_value) return codec::to_base64(describe(value));
  const auto* list = value.as<Value::List>();
  if (list == nullptr) return scalar_text(ref, value, TimeFormat::kHttpDate);
  std::string out;
  for (const auto& item : *list) {
    auto text = scalar_text(ref.shape->member, item, TimeFormat::kHttpDate);
    const bool is_text = item.as<std::string>() != nullptr;
    if (is_text && text.find_first_of(",\"") != std::string::npos) {
      std::string quoted = "\"";
      for (const char c : text) quoted += (c == '"' || c == '\\' ? "\\" : "") + std::string(1, c);
      text = quoted + "\"";
    }
    out += (out.empty() ? "" : ", ") + text;
  }
  return out;
}

// Query members that are lists or scalars take their name; a map takes every name.
Result<void> read_query(const Shape& shape, const codec::QueryPairs& query, Value::Map& out) {
  for (const auto& member : shape.members) {
    if (member.location != Location::kQuery) continue;
    if (member.shape->kind == Kind::kMap) {
      Value::Map rest;
      for (const auto& [name, text] : query) {
        if (member.shape->value.shape->kind == Kind::kList) {
          auto& slot = rest[name];
          if (slot.is_null()) slot = Value::List();
          slot.as<Value::List>()->push_back(Value(text));
        } else {
          rest[name] = Value(text);
        }
      }
      if (!rest.empty()) out.emplace(member.name, std::move(rest));
      continue;
    }
    Value::List all;
    const bool is_list = member.shape->kind == Kind::kList;
    for (const auto& [name, text] : query) {
      if (name != member.wire_name()) continue;
      GUST_TRY(auto value, parse_scalar(is_list ? member.shape->member : member, text, TimeFormat::kIso8601));
      all.push_back(std::move(value));
    }
    if (all.empty()) continue;
    out.emplace(member.name, is_list ? Value(std::move(all)) : std::move(all.front()));
  }
  return {};
}

// A condition on a date that is none does not count (RFC 9110, 13.1.3).
bool is_no_condition(const Ref& ref, const std::string& text) {
  const auto& name = ref.wire_name();
  if (name != "If-Modified-Since" && name != "If-Unmodified-Since") return false;
  return ref.shape->kind == Kind::kTimestamp && !parse_time(text, TimeFormat::kHttpDate);
}

bool starts_with_name(std::string_view name, std::string_view prefix) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return name.size() >= prefix.size() && std::ranges::equal(name.substr(0, prefix.size()), prefix, {}, lower, lower);
}

}  // namespace

Result<void> read_headers(const Shape& shape, const http::Headers& headers, Value::Map& out) {
  for (const auto& member : shape.members) {
    if (member.location == Location::kHeaders) {
      Value::Map found;
      for (const auto& [name, text] : headers.all()) {
        if (starts_with_name(name, member.location_name))
          found.emplace(name.substr(member.location_name.size()), Value(text));
      }
      if (!found.empty()) out.emplace(member.name, std::move(found));
    } else if (member.location == Location::kHeader) {
      std::string text;
      bool found = false;
      for (const auto& [name, value] : headers.all()) {
        if (name.size() != member.wire_name().size() || !starts_with_name(name, member.wire_name())) continue;
        text += (found ? ", " : "") + value;
        found = true;
      }
      if (!found || is_no_condition(member, text)) continue;
      GUST_TRY(auto value, parse_header(member, text));
      out.emplace(member.name, std::move(value));
    }
  }
  return {};
}

Result<void> read_bindings(const Shape& shape, const Labels& labels, const codec::QueryPairs& query,
                           const http::Headers& headers, Value::Map& out) {
  for (const auto& member : shape.members) {
    if (member.location != Location::kUri) continue;
    const auto label = labels.find(member.wire_name());
    if (label == labels.end()) continue;
    GUST_TRY(const auto text, codec::percent_decode(label->second));
    GUST_TRY(auto value, parse_scalar(member, text, TimeFormat::kIso8601));
    out.emplace(member.name, std::move(value));
  }
  GUST_CHECK(read_query(shape, query, out));
  return read_headers(shape, headers, out);
}

void write_headers(const Shape& shape, const Value& value, http::Headers& headers, int& status) {
  for (const auto& [ref, item] : present_members(shape, value)) {
    const auto& member = *ref;
    if (member.location == Location::kHeader) {
      headers.add(member.wire_name(), header_text(member, *item));
    } else if (member.location == Location::kHeaders) {
      for (const auto& [name, text] : *item->as<Value::Map>()) headers.add(member.location_name + name, describe(text));
    } else if (member.location == Location::kStatusCode) {
      if (const auto* code = item->as<std::int64_t>()) status = static_cast<int>(*code);
    }
  }
}

}  // namespace gust::wire
