#include "cli/waterfall.h"

#include "cli/session.h"
#include "codec/time_format.h"
#include "codec/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace gust::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kNameWidth = 42, kLeastName = 12, kKindWidth = 11, kDurationWidth = 9;
constexpr std::size_t kLeastBar = 10, kMostBar = 60;

std::int64_t number(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_number() ? value->to_number<std::int64_t>() : 0;
}

std::string text(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// To so many characters.
std::string cut(std::string_view text, std::size_t most) {
  std::size_t characters = 0, fits = 0;
  for (std::size_t at = 0; at < text.size(); at += std::max<std::size_t>(1, codec::utf8_character(text.substr(at)))) {
    if (characters == most - 2) fits = at;
    if (++characters > most) return std::string(text.substr(0, fits)) + "..";
  }
  return std::string(text);
}

std::string took(const json::object& span) {
  const auto* attributes = span.if_contains("attributes");
  const bool running = attributes != nullptr && attributes->is_object() &&
                       attributes->get_object().contains("gust.in_progress");
  return running ? "running" : duration_text(number(span, "duration_us"));
}

// Of one line, printable.
std::string flat(std::string text) {
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

class Drawing {
 public:
  Drawing(const Terminal& terminal, const json::object& trace, std::size_t columns) : terminal_(terminal) {
    const auto taken = kNameWidth + kKindWidth + kDurationWidth + 6;
    bar_ = std::clamp(columns > taken ? columns - taken : 0, kLeastBar, kMostBar);
    std::set<std::string> known;
    const auto& spans = trace.at("spans").as_array();
    for (const auto& value : spans) {
      const auto& span = value.as_object();
      known.insert(text(span, "id"));
      const auto start = number(span, "start");
      begin_us_ = std::min(begin_us_, start);
      end_us_ = std::max(end_us_, start + number(span, "duration_us"));
    }
    for (const auto& value : spans) {
      const auto& span = value.as_object();
      const auto parent = text(span, "parent");
      auto& among = known.contains(parent) && parent != text(span, "id") ? children_[parent] : roots_;
      among.push_back(&span);
    }
    if (const auto* logs = trace.if_contains("logs"); logs != nullptr && logs->is_array()) {
      for (const auto& value : logs->get_array()) {
        const auto& line = value.as_object();
        logs_[text(line, "request_id")].push_back(&line);
      }
    }
  }

  std::vector<std::string> draw() {
    for (const auto* root : roots_) step(*root, "", "", 0);
    return std::move(out_);
  }

 private:
  // `before` stands in front of its own line, `below` in front of what is inside it; both are `indent` wide.
  void step(const json::object& span, const std::string& before, const std::string& below, std::size_t indent) {
    if (!drawn_.insert(text(span, "id")).second) return;  // a circle is no tree
    const auto status = text(span, "status");
    const auto room = std::max(kNameWidth, indent + kLeastName) - indent;
    const auto name = fmt::format("{:<{}}", cut(flat(text(span, "name")), room), room);
    const auto kind = cut(text(span, "kind"), kKindWidth);
    const auto colour = colour_of(status);
    out_.push_back(terminal_.paint(Colour::kDim, before) + terminal_.paint(colour, name) + "  " +
                   terminal_.paint(Colour::kDim, fmt::format("{:<{}}", kind, kKindWidth)) + "  " +
                   fmt::format("{:>{}}", took(span), kDurationWidth) + "  " +
                   terminal_.paint(colour == Colour::kPlain ? Colour::kGreen : colour, bar_of(span)));
    const auto inside = children_.find(text(span, "id"));
    const bool more = inside != children_.end();
    const auto margin = below + (more ? "│ " : "  ");
    if (const auto error = flat(text(span, "error")); !error.empty())
      out_.push_back(terminal_.paint(Colour::kDim, margin) + terminal_.paint(Colour::kRed, status + ": " + error));
    if (text(span, "kind") == "handler") print_logs(span, margin);
    if (!more) return;
    for (const auto* child : inside->second) {
      const bool last = child == inside->second.back();
      step(*child, below + (last ? "└ " : "├ "), below + (last ? "  " : "│ "), indent + 2);
    }
  }

  // An attempt's lines are those between its begin and its end: a retry has the same request's id.
  void print_logs(const json::object& span, const std::string& margin) {
    constexpr std::int64_t kLate = 50;  // ms until a last line has come
    const auto begin = number(span, "start") / 1000, end = (number(span, "start") + number(span, "duration_us")) / 1000;
    for (const auto* line : logs_[text(span, "request_id")]) {
      const auto at = number(*line, "at");
      if (at < begin - 1 || at > end + kLate || text(*line, "function") != text(span, "resource")) continue;
      const auto time = codec::to_iso8601_ms(from_epoch_ms(at)).substr(11, 12);
      out_.push_back(terminal_.paint(Colour::kDim, fmt::format("{}{}  {}", margin, time, flat(text(*line, "text")))));
    }
  }

  std::string bar_of(const json::object& span) const {
    const auto whole = static_cast<double>(std::max<std::int64_t>(1, end_us_ - begin_us_));
    const auto width = static_cast<double>(bar_);
    const auto at = [&](std::int64_t us) {
      return static_cast<std::size_t>(static_cast<double>(us - begin_us_) / whole * width);
    };
    const auto start = number(span, "start");
    const auto from = std::min(at(start), bar_ - 1);
    const auto to = std::clamp(at(start + number(span, "duration_us")), from + 1, bar_);
    std::string out(from, ' ');
    for (auto i = from; i < to; ++i) out += "█";
    return out;
  }

  const Terminal& terminal_;
  std::size_t bar_ = kLeastBar;
  std::int64_t begin_us_ = INT64_MAX, end_us_ = 0;
  std::vector<const json::object*> roots_;
  std::map<std::string, std::vector<const json::object*>> children_, logs_;
  std::set<std::string> drawn_;
  std::vector<std::string> out_;
};

}  // namespace

std::string duration_text(std::int64_t us) {
  const auto ms = static_cast<double>(us) / 1000;
  if (us < 1000) return fmt::format("{} us", us);
  if (ms < 1000) return fmt::format("{:.1f} ms", ms);
  if (ms < 100'000) return fmt::format("{:.2f} s", ms / 1000);
  return fmt::format("{} m {:02} s", us / 60'000'000, us / 1'000'000 % 60);
}

Colour colour_of(std::string_view status) {
  if (status == "fault") return Colour::kRed;
  return status == "error" || status == "throttle" ? Colour::kYellow : Colour::kPlain;
}

std::vector<std::string> waterfall(const Terminal& terminal, const json::object& trace, std::size_t columns) {
  return Drawing(terminal, trace, columns).draw();
}

}  // namespace gust::cli
