#include "http/form_data.h"

#include <algorithm>
#include <optional>

namespace gust::http {
namespace {

constexpr std::size_t kMaxHead = 8 << 10, kMaxBoundary = 200;

std::unexpected<Error> malformed() {
  return fail(Code::kInvalid, "The body of your POST request is not well-formed multipart/form-data.", "form");
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_text(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// Takes a parameter's value off the front of `rest`. A backslash escapes only a quote: browsers escape neither it nor
// the backslashes of a path.
std::optional<std::string> take_value(std::string_view& rest) {
  std::string out;
  if (!rest.starts_with('"')) {
    const auto end = std::min(rest.find(';'), rest.size());
    out = trimmed(rest.substr(0, end));
    rest.remove_prefix(end);
    return out;
  }
  rest.remove_prefix(1);
  while (!rest.empty() && rest.front() != '"') {
    if (rest.starts_with("\\\"")) rest.remove_prefix(1);
    out += rest.front();
    rest.remove_prefix(1);
  }
  if (rest.empty()) return std::nullopt;
  rest.remove_prefix(1);
  return out;
}

// Calls `found` with each `; name=value` of a header's value; false when they are malformed.
template <typename F>
bool each_parameter(std::string_view value, const F& found) {
  auto rest = value.substr(std::min(value.find(';'), value.size()));
  while (!(rest = trimmed(rest)).empty()) {
    if (rest.front() != ';') return false;
    rest = trimmed(rest.substr(1));
    if (rest.empty()) break;
    const auto equals = rest.find('=');
    if (equals == std::string_view::npos) return false;
    const auto name = trimmed(rest.substr(0, equals));
    rest = trimmed(rest.substr(equals + 1));
    auto text = take_value(rest);
    if (!text) return false;
    found(name, *std::move(text));
  }
  return true;
}

bool is_of_type(std::string_view value, std::string_view type) {
  return same_text(trimmed(value.substr(0, value.find(';'))), type);
}

// The lines of a part's head, without the empty one.
Result<FormPart> parse_head(std::string_view text) {
  FormPart out;
  bool named = false;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find("\r\n"));
    text.remove_prefix(std::min(text.size(), line.size() + 2));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return malformed();
    if (!same_text(trimmed(line.substr(0, colon)), "content-disposition")) continue;
    const auto value = line.substr(colon + 1);
    if (named || !is_of_type(value, "form-data")) return malformed();
    const bool whole = each_parameter(value, [&](std::string_view name, std::string given) {
      if (same_text(name, "filename")) out.filename = given;
      if (!same_text(name, "name")) return;
      out.name = std::move(given);
      named = true;
    });
    if (!whole) return malformed();
  }
  if (!named) return malformed();
  return out;
}

}  // namespace

Result<std::string> form_boundary(std::string_view content_type) {
  std::string out;
  if (!is_of_type(content_type, "multipart/form-data")) return malformed();
  const bool whole = each_parameter(content_type, [&](std::string_view name, std::string value) {
    if (same_text(name, "boundary")) out = std::move(value);
  });
  if (!whole || out.empty() || out.size() > kMaxBoundary) return malformed();
  return out;
}

FormDecoder::FormDecoder(std::string_view boundary) : delimiter_("\r\n--" + std::string(boundary)) {}

void FormDecoder::feed(std::string_view bytes) {
  data_ = {};
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_ += bytes;
}

Result<FormDecoder::Event> FormDecoder::next() {
  for (;;) {
    const auto before = state_;
    auto event = before == State::kPreamble    ? preamble()
                 : before == State::kDelimiter ? delimiter()
                 : before == State::kHead      ? head()
                 : before == State::kBody      ? body()
                                               : Result<Event>(Event::kEnd);
    // A step from one state to the next that has nothing to tell.
    if (event && *event == Event::kMore && state_ != before) continue;
    return event;
  }
}

Result<FormDecoder::Event> FormDecoder::more() const {
  if (finished_) return malformed();
  return Event::kMore;
}

Result<FormDecoder::Event> FormDecoder::preamble() {
  const auto found = rest().find(delimiter_);
  if (found == std::string_view::npos) {
    at_ += rest().size() - std::min(rest().size(), delimiter_.size() - 1);
    return more();
  }
  at_ += found + delimiter_.size();
  state_ = State::kDelimiter;
  return Event::kMore;
}

// What follows a boundary: "--" at the form's end, else blanks and the line's end.
Result<FormDecoder::Event> FormDecoder::delimiter() {
  if (rest().size() < 2) return more();
  if (rest().starts_with("--")) {
    state_ = State::kDone;
    return Event::kEnd;
  }
  const auto blanks = std::min(rest().find_first_not_of(" \t"), rest().size());
  if (blanks > kMaxHead) return malformed();
  if (rest().size() < blanks + 2) return more();
  if (rest().substr(blanks, 2) != "\r\n") return malformed();
  at_ += blanks;  // the line's end stays, so that a head without lines ends like any other
  state_ = State::kHead;
  return Event::kMore;
}

Result<FormDecoder::Event> FormDecoder::head() {
  const auto end = rest().find("\r\n\r\n");
  if (end == std::string_view::npos ? rest().size() > kMaxHead + 3 : end > kMaxHead) return malformed();
  if (end == std::string_view::npos) return more();
  GUST_TRY(part_, parse_head(rest().substr(0, end).substr(std::min<std::size_t>(2, end))));
  at_ += end + 4;
  state_ = State::kBody;
  return Event::kPart;
}

Result<FormDecoder::Event> FormDecoder::body() {
  const auto found = rest().find(delimiter_);
  if (found == 0) {
    at_ += delimiter_.size();
    state_ = State::kDelimiter;
    data_ = {};
    return Event::kPartEnd;
  }
  const auto known = found != std::string_view::npos ? found
                                                     : rest().size() - std::min(rest().size(), delimiter_.size() - 1);
  if (known == 0) return more();
  data_ = rest().substr(0, known);
  at_ += known;
  return Event::kData;
}

}  // namespace gust::http
