// Tags of objects and buckets: their limits, and their forms. Any thread.
#pragma once

#include "api/s3.gen.h"
#include "wire/service.h"

#include <map>
#include <string>

namespace gust::api {

enum class Tagged { kObject, kBucket };

// 10 of an object, 50 of a bucket; keys of 128 and values of 256 characters. Faults: InvalidTag, BadRequest.
wire::Reply<std::map<std::string, std::string>> check_tags(const std::vector<s3::Tag>& tags, Tagged what);
// "a=1&b=2" of x-amz-tagging, percent-encoded. Faults: InvalidArgument, and those above.
wire::Reply<std::map<std::string, std::string>> parse_tagging_header(const std::string& text);
std::vector<s3::Tag> to_wire(const std::map<std::string, std::string>& tags);

}  // namespace gust::api
