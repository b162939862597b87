#include "gateway/rows.h"

#include "codec/json.h"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace gust::gateway {
namespace {

namespace json = boost::json;

// One visitor per direction: visit(record) names every field once, so that what is written is what is read.
class Writer {
 public:
  json::object object;

  void field(const char* name, const std::string& value) { object[name] = value; }
  void field(const char* name, const AccountId& value) { object[name] = value.str(); }
  void field(const char* name, bool value) { object[name] = value; }
  void field(const char* name, std::int32_t value) { object[name] = value; }
  void field(const char* name, WallTime value) { object[name] = to_epoch_ms(value); }
  void field(const char* name, const Strings& value) { object[name] = json::value_from(value); }
  void field(const char* name, const std::vector<std::string>& value) { object[name] = json::value_from(value); }
  void field(const char* name, const std::optional<std::int32_t>& value) {
    if (value) object[name] = *value;
  }
  template <typename T>
  void field(const char* name, const std::optional<T>& value);
  template <typename T>
  void field(const char* name, const std::vector<T>& values);
};

// A field that is absent keeps its default, so that a row of an older version is read by a newer one.
class Reader {
 public:
  explicit Reader(const json::object& object) : object_(object) {}

  void field(const char* name, std::string& out) {
    if (auto* v = find(name)) out = json::value_to<std::string>(*v);
  }
  void field(const char* name, AccountId& out) {
    if (auto* v = find(name)) out = AccountId(json::value_to<std::string>(*v));
  }
  void field(const char* name, bool& out) {
    if (auto* v = find(name)) out = v->as_bool();
  }
  void field(const char* name, std::int32_t& out) {
    if (auto* v = find(name)) out = v->to_number<std::int32_t>();
  }
  void field(const char* name, WallTime& out) {
    if (auto* v = find(name)) out = from_epoch_ms(v->to_number<std::int64_t>());
  }
  void field(const char* name, Strings& out) {
    if (auto* v = find(name)) out = json::value_to<Strings>(*v);
  }
  void field(const char* name, std::vector<std::string>& out) {
    if (auto* v = find(name)) out = json::value_to<std::vector<std::string>>(*v);
  }
  void field(const char* name, std::optional<std::int32_t>& out) {
    if (auto* v = find(name)) out = v->to_number<std::int32_t>();
  }
  template <typename T>
  void field(const char* name, std::optional<T>& out);
  template <typename T>
  void field(const char* name, std::vector<T>& out);

 private:
  const json::value* find(const char* name) const { return object_.if_contains(name); }
  const json::object& object_;
};

void visit(auto& io, auto& cors)
  requires requires { cors.allow_origins; }
{
  io.field("allow_credentials", cors.allow_credentials);
  io.field("allow_headers", cors.allow_headers);
  io.field("allow_methods", cors.allow_methods);
  io.field("allow_origins", cors.allow_origins);
  io.field("expose_headers", cors.expose_headers);
  io.field("max_age_seconds", cors.max_age_seconds);
}

void visit(auto& io, auto& api)
  requires requires { api.quick_route_id; }
{
  io.field("id", api.id);
  io.field("account", api.account);
  io.field("region", api.region);
  io.field("name", api.name);
  io.field("description", api.description);
  io.field("version", api.version);
  io.field("ip_address_type", api.ip_address_type);
  io.field("route_selection_expression", api.route_selection_expression);
  io.field("endpoint_disabled", api.endpoint_disabled);
  io.field("cors", api.cors);
  io.field("tags", api.tags);
  io.field("created", api.created);
  io.field("quick_route_id", api.quick_route_id);
  io.field("quick_integration_id", api.quick_integration_id);
}

void visit(auto& io, auto& route)
  requires requires { route.operation_name; }
{
  io.field("id", route.id);
  io.field("key", route.key);
  io.field("target", route.target);
  io.field("operation_name", route.operation_name);
  io.field("managed", route.managed);
}

void visit(auto& io, auto& integration)
  requires requires { integration.payload_format_version; }
{
  io.field("id", integration.id);
  io.field("type", integration.type);
  io.field("uri", integration.uri);
  io.field("method", integration.method);
  io.field("payload_format_version", integration.payload_format_version);
  io.field("description", integration.description);
  io.field("timeout_ms", integration.timeout_ms);
  io.field("managed", integration.managed);
}

void visit(auto& io, auto& stage)
  requires requires { stage.variables; }
{
  io.field("id", stage.id);
  io.field("auto_deploy", stage.auto_deploy);
  io.field("deployment_id", stage.deployment_id);
  io.field("description", stage.description);
  io.field("variables", stage.variables);
  io.field("tags", stage.tags);
  io.field("detailed_metrics", stage.detailed_metrics);
  io.field("created", stage.created);
  io.field("updated", stage.updated);
  io.field("managed", stage.managed);
}

void visit(auto& io, auto& deployment)
  requires requires { deployment.automatic; }
{
  io.field("id", deployment.id);
  io.field("description", deployment.description);
  io.field("automatic", deployment.automatic);
  io.field("created", deployment.created);
  io.field("routes", deployment.routes);
  io.field("integrations", deployment.integrations);
}

template <typename T>
void Writer::field(const char* name, const std::optional<T>& value) {
  if (!value) return;
  Writer inner;
  visit(inner, *value);
  object[name] = std::move(inner.object);
}

template <typename T>
void Writer::field(const char* name, const std::vector<T>& values) {
  json::array array;
  for (const auto& value : values) {
    Writer inner;
    visit(inner, value);
    array.emplace_back(std::move(inner.object));
  }
  object[name] = std::move(array);
}

template <typename T>
void Reader::field(const char* name, std::optional<T>& out) {
  if (auto* value = find(name)) {
    Reader inner(value->as_object());
    visit(inner, out.emplace());
  }
}

template <typename T>
void Reader::field(const char* name, std::vector<T>& out) {
  auto* value = find(name);
  if (!value) return;
  for (const auto& item : value->as_array()) {
    Reader inner(item.as_object());
    visit(inner, out.emplace_back());
  }
}

std::string write(const auto& record) {
  Writer writer;
  visit(writer, record);
  return codec::to_json(writer.object);
}

Result<void> read(std::string_view row, auto& out) {
  GUST_TRY(auto value, codec::parse_json(row));
  try {  // Boost.JSON throws when a kind is not the one asked for
    Reader reader(value.as_object());
    visit(reader, out);
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, fmt::format("a row of an HTTP API is not as it was written: {}", e.what()));
  }
  return {};
}

}  // namespace

std::string to_row(const ApiRecord& record) { return write(record); }
std::string to_row(const RouteRecord& record) { return write(record); }
std::string to_row(const IntegrationRecord& record) { return write(record); }
std::string to_row(const StageRecord& record) { return write(record); }
std::string to_row(const DeploymentRecord& record) { return write(record); }

Result<void> from_row(std::string_view row, ApiRecord& out) { return read(row, out); }
Result<void> from_row(std::string_view row, RouteRecord& out) { return read(row, out); }
Result<void> from_row(std::string_view row, IntegrationRecord& out) { return read(row, out); }
Result<void> from_row(std::string_view row, StageRecord& out) { return read(row, out); }
Result<void> from_row(std::string_view row, DeploymentRecord& out) { return read(row, out); }

}  // namespace gust::gateway
