#include "cli/deploy/record.h"

#include "codec/json.h"

namespace gust::cli {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::map<std::string, std::string> texts_of(const json::object& object, std::string_view name) {
  std::map<std::string, std::string> out;
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_object()) return out;
  for (const auto& [key, text] : value->get_object()) {
    if (text.is_string()) out[std::string(key)] = std::string(text.get_string());
  }
  return out;
}

std::vector<std::string> list_of(const json::object& object, std::string_view name) {
  std::vector<std::string> out;
  const auto* list = object.if_contains(name);
  if (list == nullptr || !list->is_array()) return out;
  for (const auto& item : list->get_array()) {
    if (item.is_string()) out.emplace_back(item.get_string());
  }
  return out;
}

}  // namespace

std::string to_json(const StackRecord& record) {
  json::object entries;
  for (const auto& [logical_id, entry] : record.entries) {
    json::object content;
    for (const auto& [key, digest] : entry.content) content[key] = digest;
    json::array permissions;
    for (const auto& id : entry.permissions) permissions.emplace_back(id);
    json::object parts;
    for (const auto& [name, digest] : entry.parts) parts[name] = digest;
    json::array retained;
    for (const auto& policy : entry.retained) retained.emplace_back(policy);
    entries[logical_id] = json::object{
        {"type", entry.type},  {"physical", entry.physical}, {"digest", entry.digest}, {"code_key", entry.code_key},
        {"content", content},  {"permissions", permissions}, {"retained", retained},   {"parts", parts},
        {"alias", entry.alias}};
  }
  json::object outputs;
  for (const auto& [name, value] : record.outputs) outputs[name] = value;
  return codec::to_json(json::object{{"version", 1}, {"entries", entries}, {"outputs", outputs}});
}

Result<StackRecord> parse_record(std::string_view text) {
  const auto parsed = codec::parse_json(text);
  const auto* entries = parsed && parsed->is_object() ? parsed->get_object().if_contains("entries") : nullptr;
  if (entries == nullptr || !entries->is_object()) {
    return fail(Code::kCorrupt, "the stack's record on the server is not as docs/formats/stacks.md has it", "stack");
  }
  StackRecord out;
  out.outputs = texts_of(parsed->get_object(), "outputs");
  for (const auto& [logical_id, value] : entries->get_object()) {
    if (!value.is_object()) continue;
    const auto& object = value.get_object();
    RecordEntry entry{text_of(object, "type"),        text_of(object, "physical"),
                      text_of(object, "digest"),      texts_of(object, "parts"),
                      text_of(object, "code_key"),    texts_of(object, "content"),
                      list_of(object, "permissions"), {},
                      text_of(object, "alias")};
    for (auto& policy : list_of(object, "retained")) entry.retained.insert(std::move(policy));
    out.entries[std::string(logical_id)] = std::move(entry);
  }
  return out;
}

}  // namespace gust::cli
