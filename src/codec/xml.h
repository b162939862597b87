// XML by pugixml, with limits: no DTD, no entities but the five, bounded depth. Any thread.
#pragma once

#include "base/result.h"

#include <pugixml.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace gust::codec {

// kInvalid names the offset and what is wrong; also for nesting past `max_depth` and for any DOCTYPE.
Result<std::unique_ptr<pugi::xml_document>> parse_xml(std::string_view text, std::size_t max_depth = 64);

// Text with & < > " and carriage returns escaped, fit for content and attributes. Characters that XML 1.0 cannot hold
// become U+FFFD.
std::string xml_escape(std::string_view text);

// "Contents" of "ns:Contents".
std::string_view xml_local_name(const pugi::xml_node& node);

}  // namespace gust::codec
