// Values as CBOR (RFC 8949), by their shapes: the bodies of Smithy's rpc-v2-cbor
// (https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html). Any thread.
#pragma once

#include "base/result.h"
#include "wire/model.h"
#include "wire/value.h"

#include <string>
#include <string_view>

namespace gust::wire {

// Nulls are left out, members that the shape lacks are ignored; whole numbers are taken for floating ones and the other
// way about where nothing is lost. kInvalid names the member, or the place in the bytes.
Result<Value> from_cbor(const Ref& ref, std::string_view bytes);
std::string to_cbor(const Ref& ref, const Value& value);
// By the value alone; its nulls are left out.
std::string to_cbor(const Value& value);

// Any CBOR whose maps have texts for keys: one item and nothing behind it. Nesting up to 64.
Result<Value> parse_cbor(std::string_view bytes);

}  // namespace gust::wire
