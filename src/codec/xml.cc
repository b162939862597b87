#include "codec/xml.h"

#include <fmt/format.h>

namespace gust::codec {
namespace {

class DepthLimit final : public pugi::xml_tree_walker {
 public:
  explicit DepthLimit(std::size_t max_depth) : max_depth_(static_cast<int>(max_depth)) {}
  bool for_each(pugi::xml_node&) override { return depth() <= max_depth_; }

 private:
  int max_depth_;
};

}  // namespace

Result<std::unique_ptr<pugi::xml_document>> parse_xml(std::string_view text, std::size_t max_depth) {
  if (text.find("<!DOCTYPE") != std::string_view::npos || text.find("<!ENTITY") != std::string_view::npos) {
    return fail(Code::kInvalid, "the XML has a document type declaration, which is not accepted", "xml");
  }
  auto document = std::make_unique<pugi::xml_document>();
  const auto parsed =
      document->load_buffer(text.data(), text.size(), pugi::parse_default | pugi::parse_ws_pcdata_single);
  if (!parsed) {
    return fail(Code::kInvalid, fmt::format("not XML: {} at byte {}", parsed.description(), parsed.offset), "xml");
  }
  if (!document->document_element()) return fail(Code::kInvalid, "the XML has no element", "xml");
  DepthLimit limit(max_depth);
  if (!document->traverse(limit)) {
    return fail(Code::kInvalid, fmt::format("the XML is nested deeper than {} elements", max_depth), "xml");
  }
  return document;
}

std::string xml_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\r':
        out += "&#xD;";
        break;
      case '\n':
      case '\t':
        out += c;
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\xEF\xBF\xBD";
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::string_view xml_local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

}  // namespace gust::codec
