// Scalars as text: in headers, labels, queries, XML and forms. Any thread.
#pragma once

#include "base/result.h"
#include "wire/model.h"
#include "wire/value.h"

#include <string>
#include <string_view>

namespace gust::wire {

// `otherwise` is the time format of the place when neither the use nor the shape gives one.
TimeFormat time_format_of(const Ref& ref, TimeFormat otherwise);

// kInvalid names the member, what was given and what was expected. Blobs are base64.
Result<Value> parse_scalar(const Ref& ref, std::string_view text, TimeFormat otherwise);
std::string scalar_text(const Ref& ref, const Value& value, TimeFormat otherwise);

std::string number_text(double number);  // shortest form; NaN, Infinity, -Infinity
Result<WallTime> parse_time(std::string_view text, TimeFormat format);
std::string time_text(WallTime time, TimeFormat format);

// Words that the services take for a boolean in JSON: true, yes, 1 and their opposites in any case.
std::optional<bool> truth_of(std::string_view text);

}  // namespace gust::wire
