// A request of any bytes against a model that has every kind of member: routed, parsed, validated, and what was parsed
// written as a response. Input: "METHOD path?query", lines of headers, an empty line, the body.
#pragma once

#include <string_view>

// `metadata`: the model's, for example {"protocol":"rest-json"}.
void fuzz_request(std::string_view metadata, std::string_view input);
