// What the operations of CloudWatch share: errors by their codes on the wire, dimensions, which alarm an ARN means,
// places in lists. Any thread.
#pragma once

#include "api/cloudwatch.gen.h"
#include "metrics/alarm.h"
#include "metrics/metric_store.h"
#include "wire/service.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gust::api {

template <typename T>
using CloudWatchReply = boost::asio::awaitable<wire::Reply<T>>;

// By their sources: InvalidParameterValue, InvalidParameterCombination, MissingParameter, ValidationError.
std::unexpected<Error> invalid_value(std::string message);
std::unexpected<Error> invalid_combination(std::string message);
std::unexpected<Error> missing_parameter(std::string_view name);
std::unexpected<Error> invalid_alarm(std::string message);
// kUnsupported: what the service has and Gust does not serve.
std::unexpected<Error> not_served(std::string message);

// kInvalid: one that is there twice.
Result<gust::metrics::Dimensions> dimensions_of(const std::optional<std::vector<cloudwatch::Dimension>>& given);
std::vector<cloudwatch::Dimension> to_dimensions(const gust::metrics::Dimensions& dimensions);
gust::metrics::MetricKey metric_of(const wire::Call& call, std::string name_space, std::string name,
                                   gust::metrics::Dimensions dimensions);
std::optional<gust::metrics::Unit> unit_of(const std::optional<std::string>& given);

cloudwatch::MetricAlarm to_alarm(const gust::metrics::Alarm& alarm);
// The alarm's name. kInvalid; kNotFound "resource" when it is of another account.
Result<std::string> alarm_of_arn(const wire::Call& call, std::string_view arn);

// Opaque text of a place in a list, and back. kInvalid "token".
std::string place_token(std::string_view place);
Result<std::string> parse_place(const std::optional<std::string>& token);  // empty without one

}  // namespace gust::api
