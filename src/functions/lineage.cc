#include "functions/lineage.h"

#include "codec/crc.h"

#include <fmt/format.h>

#include <charconv>
#include <span>
#include <utility>
#include <vector>

namespace gust::functions {
namespace {

constexpr std::string_view kField = "Lineage=";
constexpr std::size_t kMaxFunctions = 16;  // the oldest of a longer chain is forgotten

struct Parsed {
  std::string rest;  // the trace without its lineage
  std::vector<std::pair<std::string, std::uint32_t>> counts;
};

// Calls `take` with each part of `text`.
template <typename F>
void split(std::string_view text, char separator, F take) {
  while (!text.empty()) {
    const auto end = text.find(separator);
    take(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

Parsed parse(std::string_view trace) {
  Parsed out;
  split(trace, ';', [&](std::string_view field) {
    if (!field.starts_with(kField)) {
      out.rest += (out.rest.empty() ? "" : ";") + std::string(field);
      return;
    }
    split(field.substr(kField.size()), '&', [&](std::string_view one) {
      const auto colon = one.find(':');
      std::uint32_t count = 0;
      if (colon != 8 || std::from_chars(one.data() + 9, one.data() + one.size(), count).ec != std::errc()) return;
      out.counts.emplace_back(one.substr(0, colon), count);
    });
  });
  return out;
}

std::string hash_of(const FunctionKey& function) {
  const auto name = fmt::format("{}:{}", function.account, function.name);
  return fmt::format("{:08x}", codec::crc32(0, std::as_bytes(std::span(name))));
}

}  // namespace

std::uint32_t loops(std::string_view trace, const FunctionKey& function) {
  const auto hash = hash_of(function);
  for (const auto& [name, count] : parse(trace).counts) {
    if (name == hash) return count;
  }
  return 0;
}

std::string with_loop(std::string_view trace, const FunctionKey& function) {
  auto parsed = parse(trace);
  auto& counts = parsed.counts;
  const auto hash = hash_of(function);
  std::uint32_t before = 0;
  std::erase_if(counts, [&](const auto& entry) { return entry.first == hash && (before = entry.second, true); });
  counts.emplace_back(hash, before + 1);
  if (counts.size() > kMaxFunctions) counts.erase(counts.begin());
  auto out = parsed.rest + (parsed.rest.empty() ? "" : ";") + std::string(kField);
  for (std::size_t i = 0; i < counts.size(); ++i)
    out += fmt::format("{}{}:{}", i == 0 ? "" : "&", counts[i].first, counts[i].second);
  return out;
}

}  // namespace gust::functions
