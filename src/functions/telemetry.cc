#include "functions/telemetry.h"

#include "codec/json.h"
#include "codec/time_format.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <string>

namespace gust::functions {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 3> kKinds = {"platform", "function", "extension"};
constexpr std::array<std::string_view, 3> kSchemas = {"2022-07-01", "2022-12-13", "2025-01-29"};
constexpr std::size_t kMaxWaiting = 4 << 20, kMaxBacklog = 1000;  // of one subscription, bytes; before there is one
constexpr int kReservedPort = 9001;

struct Range {
  const char* name;
  std::int64_t least, most;
};
constexpr Range kItems{"maxItems", 1000, 10'000}, kBytes{"maxBytes", 262'144, 1'048'576},
    kTimeout{"timeoutMs", 25, 30'000};

const json::value* member(const json::object& of, const char* name) { return of.if_contains(name); }

std::string text_of(const json::object& of, const char* name) {
  const auto* value = member(of, name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// What is wrong is added to `wrong`.
template <typename T>
void read_number(const json::object& of, const Range& range, T& into, std::vector<std::string>& wrong) {
  const auto* value = member(of, range.name);
  if (value == nullptr) return;
  boost::system::error_code none;
  const auto number = value->is_number() ? value->to_number<std::int64_t>(none) : range.least - 1;
  if (none || number < range.least || number > range.most) {
    wrong.push_back(fmt::format("{} should be between {} and {}", range.name, range.least, range.most));
  } else {
    into = T(number);
  }
}

}  // namespace

Result<void> Telemetry::subscribe(const std::string& extension, std::string_view request) {
  static const RE2 kUri(R"(http://sandbox(?:\.localdomain)?(?::(\d{1,5}))?(/[^\s]*)?)");
  const auto document = codec::parse_json(request);
  if (!document || !document->is_object()) return fail(Code::kInvalid, "the request is not a JSON object");
  const auto& root = document->get_object();
  std::vector<std::string> wrong;
  Subscription made;
  made.extension = extension;
  if (std::ranges::find(kSchemas, text_of(root, "schemaVersion")) == kSchemas.end())
    wrong.push_back(fmt::format("schemaVersion should be one of {}", fmt::join(kSchemas, ", ")));
  if (const auto* types = member(root, "types"); types != nullptr && types->is_array()) {
    for (const auto& type : types->get_array()) {
      const auto name = type.is_string() ? std::string(type.get_string()) : codec::to_json(type);
      if (std::ranges::find(kKinds, name) == kKinds.end()) wrong.push_back(fmt::format("{} is not a type", name));
      made.kinds.push_back(name);
    }
  }
  if (made.kinds.empty()) wrong.emplace_back("types should not be empty");
  if (const auto* buffering = member(root, "buffering"); buffering != nullptr && buffering->is_object()) {
    read_number(buffering->get_object(), kItems, made.max_items, wrong);
    read_number(buffering->get_object(), kBytes, made.max_bytes, wrong);
    read_number(buffering->get_object(), kTimeout, made.timeout, wrong);
  }
  const auto* destination = member(root, "destination");
  const auto to = destination != nullptr && destination->is_object() ? destination->get_object() : json::object();
  if (text_of(to, "protocol") != "HTTP") wrong.emplace_back("the protocol should be HTTP");
  std::string port;
  if (const auto uri = text_of(to, "URI"); !RE2::FullMatch(uri, kUri, &port, &made.path)) {
    wrong.push_back(fmt::format("the URI '{}' should be http://sandbox.localdomain:PORT", uri));
  } else if (port.empty()) {
    wrong.emplace_back("URI port is not provided");
  } else if (const int number = std::stoi(port); number < 1 || number > 65535 || number == kReservedPort) {
    wrong.push_back(fmt::format("port {} cannot be used", port));
  } else {
    made.port = static_cast<std::uint16_t>(number);
  }
  if (made.path.empty()) made.path = "/";
  if (!wrong.empty()) return fail(Code::kInvalid, fmt::format("{}", fmt::join(wrong, "; ")));
  std::erase_if(subscriptions_, [&](const auto& each) { return each.extension == extension; });
  json::array kinds(made.kinds.begin(), made.kinds.end());
  subscriptions_.push_back(std::move(made));
  for (const auto& entry : backlog_) give(subscriptions_.back(), entry);
  event("platform.telemetrySubscription", {{"name", extension}, {"state", "Subscribed"}, {"types", std::move(kinds)}});
  return {};
}

void Telemetry::close_subscription() {
  open_ = false;
  backlog_.clear();
}

std::string Telemetry::entry_text(std::string_view type, json::value record) const {
  return codec::to_json(
      json::object{{"time", codec::to_iso8601_ms(clock_.now())}, {"type", type}, {"record", std::move(record)}});
}

void Telemetry::event(std::string_view type, json::object record) {
  if (wanted()) add({kKinds[0], entry_text(type, std::move(record))});
}

void Telemetry::line(Source source, std::string_view text) {
  const auto kind = source == Source::kExtension ? kKinds[2] : kKinds[1];
  if (wanted()) add({kind, entry_text(kind, json::string(std::string(text) + "\n"))});
}

void Telemetry::add(Entry entry) {
  for (auto& each : subscriptions_) give(each, entry);
  if (!open_) return;
  backlog_.push_back(std::move(entry));
  if (backlog_.size() > kMaxBacklog) backlog_.pop_front();
}

// Past the most that may wait it is dropped, and the next batch says how much was.
void Telemetry::give(Subscription& to, const Entry& entry) {
  if (std::ranges::find(to.kinds, entry.kind) == to.kinds.end()) return;
  if (to.bytes + entry.text.size() > kMaxWaiting) {
    ++to.dropped;
    to.dropped_bytes += entry.text.size();
    return;
  }
  if (to.events.empty()) to.first_at = std::chrono::steady_clock::now();
  to.bytes += entry.text.size();
  to.events.push_back(entry.text);
  changed_.pulse();
}

bool Telemetry::is_due(const Subscription& each, SteadyTime now) const {
  if (each.events.empty()) return false;
  return ended_ || each.events.size() >= each.max_items || each.bytes >= each.max_bytes ||
         now >= each.first_at + each.timeout;
}

Telemetry::Batch Telemetry::take(Subscription& from) {
  Batch out{from.port, from.path, "["};
  std::size_t taken = 0;
  while (!from.events.empty() && taken < from.max_items && (taken == 0 || out.body.size() < from.max_bytes)) {
    if (taken++ > 0) out.body += ",";
    from.bytes -= from.events.front().size();
    out.body += from.events.front();
    from.events.pop_front();
  }
  out.body += "]";
  return out;
}

async::Task<Telemetry::Batch> Telemetry::next() {
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    auto again = SteadyTime::max();
    for (auto& each : subscriptions_) {
      if (is_due(each, now)) {
        auto batch = take(each);
        if (each.dropped > 0) {
          json::object told{{"reason", "the extension took them too slowly"},
                            {"droppedRecords", std::exchange(each.dropped, 0)},
                            {"droppedBytes", std::exchange(each.dropped_bytes, 0)}};
          give(each, {kKinds[0], entry_text("platform.logsDropped", std::move(told))});
        }
        co_return batch;
      }
      if (!each.events.empty()) again = std::min(again, each.first_at + each.timeout);
    }
    if (ended_) co_return fail(Code::kCancelled, "the instance is over");
    const auto waited = co_await changed_.wait(again);
    if (!waited && waited.error().code != Code::kTimeout) co_return std::unexpected(waited.error());
  }
}

void Telemetry::end() {
  ended_ = true;
  changed_.pulse();
}

}  // namespace gust::functions
