#include "api/logs/shared.h"

#include "codec/hex.h"

#include <fmt/format.h>

#include <charconv>

namespace gust::api {
namespace {

constexpr std::size_t kNumber = 20, kPlace = 56;  // digits

std::optional<std::uint64_t> number_of(std::string_view digits) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return out;
}

}  // namespace

std::unexpected<Error> invalid_logs_request(std::string message) {
  return fail(Code::kInvalid, std::move(message), "request");
}

gust::logs::GroupKey group_key(const wire::Call& call, std::string name) {
  return {call.context.principal.account, std::move(name)};
}

Result<gust::logs::GroupKey> group_key(const wire::Call& call, const std::optional<std::string>& name,
                                       const std::optional<std::string>& identifier) {
  if (name && identifier)
    return invalid_logs_request("LogGroup name and LogGroup ARN are mutually exclusive parameters.");
  if (name) return group_key(call, *name);
  if (!identifier) return invalid_logs_request("Either logGroupName or logGroupIdentifier must be specified.");
  if (!identifier->starts_with("arn:")) return group_key(call, *identifier);
  const auto arn = Arn::parse(*identifier);
  constexpr std::string_view kKind = "log-group:";
  if (!arn || arn->service != "logs" || !arn->resource.starts_with(kKind))
    return invalid_logs_request(fmt::format("The specified logGroupIdentifier '{}' is not a log group.", *identifier));
  if (arn->account != call.context.principal.account.str())
    return fail(Code::kNotFound, "The specified log group does not exist.", "group");
  auto resource = arn->resource.substr(kKind.size());
  if (resource.ends_with(":*")) resource.resize(resource.size() - 2);
  return group_key(call, std::move(resource));
}

std::string group_arn(const wire::Call& call, const gust::logs::GroupKey& key) {
  return fmt::format("arn:aws:logs:{}:{}:log-group:{}", call.context.region, key.account, key.name);
}

std::string event_token(const EventToken& token) {
  const char side = token.direction == gust::logs::Direction::kForward ? 'f' : 'b';
  const auto at = static_cast<std::uint64_t>(std::max<std::int64_t>(token.at.at_ms, 0));
  return fmt::format("{}/{:020}{:036}/s", side, at, token.at.sequence);
}

Result<EventToken> parse_event_token(std::string_view text) {
  const auto refused = [] { return invalid_logs_request("The specified nextToken is invalid."); };
  const bool formed = text.size() == kPlace + 4 && (text[0] == 'f' || text[0] == 'b') && text[1] == '/' &&
                      text.ends_with("/s");
  if (!formed) return refused();
  const auto digits = text.substr(2, kPlace);
  const auto at = number_of(digits.substr(0, kNumber)), sequence = number_of(digits.substr(kNumber));
  if (!at || !sequence || *at > 1ULL << 62) return refused();
  return EventToken{text[0] == 'f' ? gust::logs::Direction::kForward : gust::logs::Direction::kBackward,
                    {static_cast<std::int64_t>(*at), *sequence}};
}

std::string list_token(std::string_view place) { return codec::to_hex(place); }

Result<std::string> parse_list_token(const std::optional<std::string>& token) {
  if (!token) return std::string();
  auto place = codec::from_hex(*token);
  if (!place || place->empty()) return invalid_logs_request("The specified nextToken is invalid.");
  return *std::move(place);
}

}  // namespace gust::api
