#include "functions/registry_rows.h"

#include "codec/json.h"
#include "kv/key.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace gust::functions::rows {
namespace {

namespace json = boost::json;

std::string keyed(std::string_view prefix, const FunctionKey& key) {
  std::string out(prefix);
  kv::append_text(out, key.account.str());
  kv::append_text(out, key.name.str());
  return out;
}

// Reads a row that this module wrote; a member of the wrong kind throws, which decode() turns into kCorrupt.
struct Row {
  const json::object& object;
  std::string text(std::string_view name) const { return std::string(object.at(name).as_string()); }
  template <typename T>
  T number(std::string_view name) const {
    return object.at(name).to_number<T>();
  }
};

template <typename F>
auto decode(std::string_view bytes, F read) -> Result<std::invoke_result_t<F, Row>> {
  const auto document = codec::parse_json(bytes);
  if (!document || !document->is_object()) return fail(Code::kCorrupt, "a row of the function registry is not JSON");
  try {
    return read(Row{document->get_object()});
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, std::string("a row of the function registry lacks something: ") + e.what());
  }
}

}  // namespace

std::string functions_prefix(const AccountId& account) {
  std::string out(kFunctions);
  kv::append_text(out, account.str());
  return out;
}

std::string function_key(const FunctionKey& key) { return functions_prefix(key.account).append(key.name.str()); }
std::string policy_prefix(const FunctionKey& key) { return keyed("fn/p/", key); }
std::string statement_key(const FunctionKey& key, std::string_view sid) { return policy_prefix(key).append(sid); }
std::string event_invoke_key(const FunctionKey& key) { return keyed("fn/e/", key); }

std::string encode(const Function& f) {
  json::object environment;
  for (const auto& [name, value] : f.environment) environment[name] = value;
  json::object tags;
  for (const auto& [name, value] : f.tags) tags[name] = value;
  json::array architectures;
  for (const auto& one : f.architectures) architectures.push_back(json::string(one));
  return codec::to_json(json::object{{"account", f.key.account.str()},
                                     {"name", f.key.name.str()},
                                     {"region", f.region},
                                     {"runtime", f.runtime},
                                     {"handler", f.handler},
                                     {"role", f.role},
                                     {"description", f.description},
                                     {"timeout_s", f.timeout_s},
                                     {"memory_mb", f.memory_mb},
                                     {"tmp_mb", f.tmp_mb},
                                     {"environment", std::move(environment)},
                                     {"architectures", std::move(architectures)},
                                     {"tags", std::move(tags)},
                                     {"code_sha256", f.code_sha256},
                                     {"code_size", f.code_size},
                                     {"code_blob", f.code_blob},
                                     {"code_folder", f.code_folder},
                                     {"unpacked_files", f.unpacked.files},
                                     {"unpacked_bytes", f.unpacked.bytes},
                                     {"revision_id", f.revision_id},
                                     {"modified", to_epoch_ms(f.modified_at)},
                                     {"generation", f.generation}});
}

std::string encode(const PolicyStatement& s) {
  return codec::to_json(json::object{{"sid", s.sid},
                                     {"action", s.action},
                                     {"principal", s.principal},
                                     {"source_arn", s.source_arn},
                                     {"source_account", s.source_account}});
}

std::string encode(const EventInvokeConfig& c) {
  json::object out{{"modified", to_epoch_ms(c.modified_at)}};
  if (c.max_retries) out["max_retries"] = *c.max_retries;
  if (c.max_age_s) out["max_age_s"] = *c.max_age_s;
  return codec::to_json(out);
}

Result<Function> decode_function(std::string_view bytes) {
  return decode(bytes, [](Row row) {
    Function f;
    f.key = {AccountId(row.text("account")), FunctionName(row.text("name"))};
    f.region = row.text("region");
    f.runtime = row.text("runtime");
    f.handler = row.text("handler");
    f.role = row.text("role");
    f.description = row.text("description");
    f.timeout_s = row.number<std::uint32_t>("timeout_s");
    f.memory_mb = row.number<std::uint32_t>("memory_mb");
    f.tmp_mb = row.number<std::uint32_t>("tmp_mb");
    for (const auto& [name, value] : row.object.at("environment").as_object())
      f.environment.emplace(name, value.as_string());
    f.architectures.clear();
    for (const auto& one : row.object.at("architectures").as_array()) f.architectures.emplace_back(one.as_string());
    // Rows of before there were tags and sizes lack them.
    if (const auto* tags = row.object.if_contains("tags")) {
      for (const auto& [name, value] : tags->as_object()) f.tags.emplace(name, value.as_string());
    }
    if (row.object.contains("unpacked_files"))
      f.unpacked = {row.number<std::uint64_t>("unpacked_files"), row.number<std::uint64_t>("unpacked_bytes")};
    f.code_sha256 = row.text("code_sha256");
    f.code_size = row.number<std::uint64_t>("code_size");
    f.code_blob = row.text("code_blob");
    f.code_folder = row.text("code_folder");
    f.revision_id = row.text("revision_id");
    f.modified_at = from_epoch_ms(row.number<std::int64_t>("modified"));
    f.generation = row.number<std::uint64_t>("generation");
    return f;
  });
}

Result<PolicyStatement> decode_statement(std::string_view bytes) {
  return decode(bytes, [](Row row) {
    return PolicyStatement{row.text("sid"), row.text("action"), row.text("principal"), row.text("source_arn"),
                           row.text("source_account")};
  });
}

Result<EventInvokeConfig> decode_event_invoke(std::string_view bytes) {
  return decode(bytes, [](Row row) {
    EventInvokeConfig c;
    if (row.object.contains("max_retries")) c.max_retries = row.number<std::uint32_t>("max_retries");
    if (row.object.contains("max_age_s")) c.max_age_s = row.number<std::uint32_t>("max_age_s");
    c.modified_at = from_epoch_ms(row.number<std::int64_t>("modified"));
    return c;
  });
}

}  // namespace gust::functions::rows
