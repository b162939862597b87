#include "functions/registry_rows.h"

#include "codec/json.h"
#include "functions/image_rows.h"
#include "kv/key.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

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

constexpr std::array<std::string_view, 5> kSnapshotStates = {"none", "pending", "ready", "refused", "failed"};

json::object to_object(const Snapshot& s) {
  return {{"state", kSnapshotStates[static_cast<std::size_t>(s.state)]},
          {"folder", s.folder},
          {"token", s.token},
          {"reason_code", s.reason_code},
          {"reason", s.reason}};
}

Snapshot to_snapshot(Row row) {
  const auto found = std::ranges::find(kSnapshotStates, row.text("state"));
  if (found == kSnapshotStates.end()) throw std::invalid_argument("a state of a snapshot");
  return {static_cast<Snapshot::State>(found - kSnapshotStates.begin()), row.text("folder"), row.text("token"),
          row.text("reason_code"), row.text("reason")};
}

json::object to_object(const Logging& l) {
  return {{"format", name_of(l.format)},
          {"application", name_of(l.application)},
          {"system", name_of(l.system)},
          {"group", l.group}};
}

Logging to_logging(Row row) {
  const auto format = log_format_of(row.text("format"));
  const auto application = log_level_of(row.text("application")), system = log_level_of(row.text("system"));
  if (!format || !application || !system) throw std::invalid_argument("a format or a level of a log");
  return {*format, *application, *system, row.text("group")};
}

}  // namespace

std::string functions_prefix(const AccountId& account) {
  std::string out(kFunctions);
  kv::append_text(out, account.str());
  return out;
}

std::string function_key(const FunctionKey& key) { return functions_prefix(key.account).append(key.name.str()); }
std::string versions_prefix(const FunctionKey& key) { return keyed(kVersions, key); }
std::string version_key(const FunctionKey& key, std::uint64_t number) {
  auto out = versions_prefix(key);
  kv::append_number(out, number);
  return out;
}
std::string version_counter_key(const FunctionKey& key) { return keyed("fn/n/", key); }
std::string aliases_prefix(const FunctionKey& key) { return keyed("fn/a/", key); }
std::string alias_key(const FunctionKey& key, std::string_view name) { return aliases_prefix(key).append(name); }
std::string policy_prefix(const FunctionRef& ref) {
  if (ref.qualifier.empty()) return keyed("fn/p/", ref.key);
  auto out = keyed("fn/pq/", ref.key);
  kv::append_text(out, ref.qualifier);
  return out;
}
std::string statement_key(const FunctionRef& ref, std::string_view sid) { return policy_prefix(ref).append(sid); }
std::string event_invoke_key(const FunctionRef& ref) {
  return ref.qualifier.empty() ? keyed("fn/e/", ref.key) : keyed("fn/eq/", ref.key).append(ref.qualifier);
}
std::string event_invoke_prefix(const FunctionKey& key) { return keyed("fn/eq/", key); }
std::string provisioned_prefix(const AccountId& account) {
  std::string out(kProvisioned);
  kv::append_text(out, account.str());
  return out;
}
std::string provisioned_prefix(const FunctionKey& key) { return keyed(kProvisioned, key); }
std::string provisioned_key(const FunctionRef& ref) { return provisioned_prefix(ref.key).append(ref.qualifier); }
std::string snapshots_prefix(const FunctionKey& key) { return keyed(kSnapshots, key); }
std::string snapshot_key(const FunctionRef& version) { return snapshots_prefix(version.key).append(version.qualifier); }
Result<FunctionRef> decode_snapshot_key(std::string_view key) {
  std::string account, name;
  key.remove_prefix(std::min(key.size(), kSnapshots.size()));
  if (!kv::take_text(key, account) || !kv::take_text(key, name))
    return fail(Code::kCorrupt, "a row of the function registry names no snapshot");
  return FunctionRef{{AccountId(account), FunctionName(name)}, std::string(key)};
}
std::string url_prefix(const FunctionKey& key) { return keyed("fn/u/", key); }
std::string url_key(const FunctionRef& ref) { return url_prefix(ref.key).append(ref.qualifier); }
std::string row_key(const Function& version) {
  if (version.version == kLatest) return function_key(version.key);
  return version_key(version.key, std::stoull(version.version));
}
std::string published_key(const FunctionKey& key) { return keyed("fn/b/", key); }
std::string reserved_guard(const AccountId& account) {
  std::string out("fn/rg/");
  kv::append_text(out, account.str());
  return out;
}
std::string reserved_prefix(const AccountId& account) {
  std::string out("fn/r/");
  kv::append_text(out, account.str());
  return out;
}
std::string reserved_key(const FunctionKey& key) { return keyed("fn/r/", key); }

std::vector<std::string> prefixes_of(const FunctionKey& key) {
  std::vector<std::string> out;
  for (const auto* prefix :
       {"fn/v/", "fn/a/", "fn/p/", "fn/pq/", "fn/e/", "fn/eq/", "fn/r/", "fn/pc/", "fn/u/", "fn/s/"})
    out.push_back(keyed(prefix, key));
  return out;
}

std::string encode(const Function& f) {
  json::object environment;
  for (const auto& [name, value] : f.environment) environment[name] = value;
  json::object tags;
  for (const auto& [name, value] : f.tags) tags[name] = value;
  json::array architectures;
  for (const auto& one : f.architectures) architectures.push_back(json::string(one));
  json::array layers;
  for (const auto& layer : f.layers) {
    layers.push_back(json::object{{"arn", layer.arn},
                                  {"size", layer.code_size},
                                  {"blob", layer.blob},
                                  {"folder", layer.folder},
                                  {"files", layer.unpacked.files},
                                  {"bytes", layer.unpacked.bytes}});
  }
  json::object capacity;
  if (f.capacity) capacity["provider"] = f.capacity->provider_arn;
  if (f.capacity && f.capacity->max_concurrency) capacity["max_concurrency"] = *f.capacity->max_concurrency;
  json::object out{{"account", f.key.account.str()},
                   {"name", f.key.name.str()},
                   {"version", f.version},
                   {"capacity", std::move(capacity)},
                   {"layers", std::move(layers)},
                   {"layers_folder", f.layers_folder},
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
                   {"loops", f.loops == Function::Loops::kAllow ? "Allow" : "Terminate"},
                   {"code_sha256", f.code_sha256},
                   {"code_size", f.code_size},
                   {"code_blob", f.code_blob},
                   {"code_folder", f.code_folder},
                   {"unpacked_files", f.unpacked.files},
                   {"unpacked_bytes", f.unpacked.bytes},
                   {"revision_id", f.revision_id},
                   {"modified", to_epoch_ms(f.modified_at)},
                   {"generation", f.generation},
                   {"active_tracing", f.active_tracing},
                   {"logging", to_object(f.logging)},
                   {"snap_start", f.snap_start},
                   {"snapshot", to_object(f.snapshot)}};
  if (f.image) out["image"] = to_object(*f.image);
  return codec::to_json(out);
}

std::string encode(const PolicyStatement& s) {
  return codec::to_json(json::object{{"sid", s.sid},
                                     {"action", s.action},
                                     {"principal", s.principal},
                                     {"source_arn", s.source_arn},
                                     {"source_account", s.source_account},
                                     {"url_auth_type", s.url_auth_type},
                                     {"via_url", s.via_url}});
}

std::string encode(const EventInvokeConfig& c) {
  json::object out{{"modified", to_epoch_ms(c.modified_at)}};
  if (c.max_retries) out["max_retries"] = *c.max_retries;
  if (c.max_age_s) out["max_age_s"] = *c.max_age_s;
  if (!c.on_success.empty()) out["on_success"] = c.on_success;
  if (!c.on_failure.empty()) out["on_failure"] = c.on_failure;
  return codec::to_json(out);
}

std::string encode(const Alias& a) {
  json::object weights;
  for (const auto& [version, weight] : a.weights) weights[version] = weight;
  return codec::to_json(json::object{{"name", a.name},
                                     {"version", a.version},
                                     {"description", a.description},
                                     {"weights", std::move(weights)},
                                     {"revision_id", a.revision_id}});
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
    // Rows of before there were tags, sizes, versions and layers lack them.
    if (row.object.contains("loops") && row.text("loops") == "Allow") f.loops = Function::Loops::kAllow;
    if (row.object.contains("version")) f.version = row.text("version");
    if (const auto* layers = row.object.if_contains("layers")) {
      for (const auto& one : layers->as_array()) {
        const Row layer{one.as_object()};
        f.layers.push_back({layer.text("arn"),
                            layer.number<std::uint64_t>("size"),
                            layer.text("blob"),
                            layer.text("folder"),
                            {layer.number<std::uint64_t>("files"), layer.number<std::uint64_t>("bytes")}});
      }
      f.layers_folder = row.text("layers_folder");
    }
    if (const auto* tags = row.object.if_contains("tags")) {
      for (const auto& [name, value] : tags->as_object()) f.tags.emplace(name, value.as_string());
    }
    if (row.object.contains("unpacked_files"))
      f.unpacked = {row.number<std::uint64_t>("unpacked_files"), row.number<std::uint64_t>("unpacked_bytes")};
    if (const auto* active = row.object.if_contains("active_tracing")) f.active_tracing = active->as_bool();
    if (const auto* snapshot = row.object.if_contains("snapshot")) {
      f.snap_start = row.object.at("snap_start").as_bool();
      f.snapshot = to_snapshot({snapshot->as_object()});
    }
    if (const auto* logging = row.object.if_contains("logging")) f.logging = to_logging({logging->as_object()});
    if (const auto* capacity = row.object.if_contains("capacity"); capacity && !capacity->as_object().empty()) {
      const Row given{capacity->as_object()};
      f.capacity.emplace().provider_arn = given.text("provider");
      if (given.object.contains("max_concurrency"))
        f.capacity->max_concurrency = given.number<std::uint32_t>("max_concurrency");
    }
    if (const auto* image = row.object.if_contains("image")) f.image = to_image_use(image->as_object());
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
    PolicyStatement s{row.text("sid"), row.text("action"), row.text("principal"), row.text("source_arn"),
                      row.text("source_account")};
    // Rows of before there were function URLs lack them.
    if (row.object.contains("url_auth_type")) s.url_auth_type = row.text("url_auth_type");
    if (const auto* via = row.object.if_contains("via_url")) s.via_url = via->as_bool();
    return s;
  });
}

Result<EventInvokeConfig> decode_event_invoke(std::string_view bytes) {
  return decode(bytes, [](Row row) {
    EventInvokeConfig c;
    if (row.object.contains("max_retries")) c.max_retries = row.number<std::uint32_t>("max_retries");
    if (row.object.contains("max_age_s")) c.max_age_s = row.number<std::uint32_t>("max_age_s");
    if (row.object.contains("on_success")) c.on_success = row.text("on_success");
    if (row.object.contains("on_failure")) c.on_failure = row.text("on_failure");
    c.modified_at = from_epoch_ms(row.number<std::int64_t>("modified"));
    return c;
  });
}

Result<Alias> decode_alias(std::string_view bytes) {
  return decode(bytes, [](Row row) {
    Alias a{row.text("name"), row.text("version"), row.text("description"), {}, row.text("revision_id")};
    for (const auto& [version, weight] : row.object.at("weights").as_object())
      a.weights.emplace(version, weight.to_number<double>());
    return a;
  });
}

Result<std::uint64_t> decode_number(std::string_view bytes) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), number);
  if (error != std::errc() || end != bytes.data() + bytes.size())
    return fail(Code::kCorrupt, "a row of the function registry is not a number");
  return number;
}

}  // namespace gust::functions::rows
