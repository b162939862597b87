// What the operations of CloudWatch Logs share: which group is meant, its ARN, places in lists and in streams. Any
// thread.
#pragma once

#include "api/logs.gen.h"
#include "logs/event_store.h"
#include "wire/service.h"

#include <optional>
#include <string>
#include <string_view>

namespace gust::api {

template <typename T>
using LogsReply = boost::asio::awaitable<wire::Reply<T>>;

// kInvalid "request": InvalidParameterException.
std::unexpected<Error> invalid_logs_request(std::string message);

gust::logs::GroupKey group_key(const wire::Call& call, std::string name);
// By name, or by an ARN of the caller's account, with or without :* at its end; one of both. kInvalid "request".
Result<gust::logs::GroupKey> group_key(const wire::Call& call, const std::optional<std::string>& name,
                                       const std::optional<std::string>& identifier);
// arn:aws:logs:REGION:ACCOUNT:log-group:NAME
std::string group_arn(const wire::Call& call, const gust::logs::GroupKey& key);

// Where a stream is read on: f/PLACE forward from it, b/PLACE backward up to it.
struct EventToken {
  gust::logs::Direction direction = gust::logs::Direction::kForward;
  gust::logs::Position at;
};
std::string event_token(const EventToken& token);
Result<EventToken> parse_event_token(std::string_view text);  // kInvalid "request"

// Opaque text of a place in a list.
std::string list_token(std::string_view place);
Result<std::string> parse_list_token(const std::optional<std::string>& token);  // empty without one

}  // namespace gust::api
