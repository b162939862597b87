#include "codec/xml.h"

#include "codec/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::codec {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // for what XML cannot hold

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

static std::string_view escaped(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\r':
      return "&#xD;";
    case '\n':
      return "\n";
    case '\t':
      return "\t";
    default:
      return static_cast<unsigned char>(c) < 0x20 ? kReplacement : std::string_view();
  }
}

// A character that stands for itself and is a byte: most of every text.
static bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '&' && c != '<' && c != '>' && c != '"'; }

std::string xml_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto special = std::ranges::find_if_not(text, is_plain);
    out.append(text.begin(), special);
    text.remove_prefix(static_cast<std::size_t>(special - text.begin()));
    if (text.empty()) break;
    auto n = utf8_character(text);
    auto piece = n == 1 ? escaped(text.front()) : std::string_view();
    if (n == 0 || text.starts_with("\xEF\xBF\xBE") || text.starts_with("\xEF\xBF\xBF")) piece = kReplacement;
    out += piece.empty() ? text.substr(0, n) : piece;
    text.remove_prefix(std::max<std::size_t>(n, 1));
  }
  return out;
}

std::string_view xml_local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

}  // namespace gust::codec
