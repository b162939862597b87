#include "wire/model.h"

#include "codec/json.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <re2/re2.h>

namespace gust::wire {
namespace {

namespace json = boost::json;

std::string text(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool flag(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

TimeFormat time_format(const std::string& name) {
  if (name == "iso8601") return TimeFormat::kIso8601;
  if (name == "rfc822") return TimeFormat::kHttpDate;
  if (name == "unixTimestamp") return TimeFormat::kEpoch;
  return TimeFormat::kDefault;
}

Location location(const std::string& name) {
  if (name == "uri") return Location::kUri;
  if (name == "querystring") return Location::kQuery;
  if (name == "header") return Location::kHeader;
  if (name == "headers") return Location::kHeaders;
  if (name == "statusCode") return Location::kStatusCode;
  return Location::kBody;
}

Kind kind(const json::object& shape) {
  const auto type = text(shape, "type");
  if (flag(shape, "document")) return Kind::kDocument;
  if (type == "structure") return Kind::kStructure;
  if (type == "list") return Kind::kList;
  if (type == "map") return Kind::kMap;
  if (type == "blob") return Kind::kBlob;
  if (type == "boolean") return Kind::kBoolean;
  if (type == "integer") return Kind::kInteger;
  if (type == "long") return Kind::kLong;
  if (type == "float" || type == "double") return Kind::kFloat;
  if (type == "timestamp") return Kind::kTimestamp;
  return Kind::kString;
}

void read_namespace(const json::object& from, std::string& uri, std::string& prefix) {
  const auto* value = from.if_contains("xmlNamespace");
  if (value == nullptr) return;
  if (value->is_string()) uri = value->get_string();
  if (value->is_object()) {
    uri = text(value->get_object(), "uri");
    prefix = text(value->get_object(), "prefix");
  }
}

}  // namespace

// Builds a Model; shapes refer to one another, so that they are all made first.
class ModelReader {
 public:
  // In `protocol`; the metadata's where it is empty.
  Result<std::shared_ptr<Model>> read(const json::object& document, const std::string& protocol) {
    model_ = std::make_shared<Model>();
    const auto* metadata = document.if_contains("metadata");
    const auto* shapes = document.if_contains("shapes");
    if (metadata == nullptr || !metadata->is_object() || shapes == nullptr || !shapes->is_object()) {
      return fail(Code::kCorrupt, "a model needs 'metadata' and 'shapes'", "model");
    }
    read_metadata(metadata->get_object(), protocol);
    for (const auto& [name, value] : shapes->get_object()) {
      if (!value.is_object()) return fail(Code::kCorrupt, "a shape of the model is not an object", "model");
      auto shape = std::make_unique<Shape>();
      shape->name = name;
      shape->kind = kind(value.get_object());
      model_->shapes_.emplace(shape->name, std::move(shape));
    }
    for (const auto& [name, value] : shapes->get_object()) {
      GUST_CHECK(read_shape(value.get_object(), *model_->shapes_.find(std::string_view(name))->second));
    }
    if (const auto* operations = document.if_contains("operations")) {
      for (const auto& [name, value] : operations->get_object()) GUST_CHECK(read_operation(value.get_object()));
    }
    return model_;
  }

  Result<void> read_operation(const json::object& from) {
    Operation operation;
    operation.name = text(from, "name");
    if (const auto* http = from.if_contains("http")) {
      operation.method = text(http->get_object(), "method");
      operation.uri = text(http->get_object(), "requestUri");
      if (const auto* code = http->get_object().if_contains("responseCode"))
        operation.status = static_cast<int>(code->as_int64());
    }
    for (const auto& [key, ref] : {std::pair{"input", &operation.input}, {"output", &operation.output}}) {
      if (const auto* value = from.if_contains(key)) GUST_CHECK(read_ref(value->get_object(), *ref));
    }
    if (const auto* errors = from.if_contains("errors")) {
      for (const auto& error : errors->get_array()) operation.errors.insert(text(error.get_object(), "shape"));
    }
    operation.unwrapped_output = flag(from, "unwrappedOutput");
    if (operation.output.shape != nullptr && operation.output.shape != operation.input.shape)
      keep_in_body(operation.output.shape->name);
    model_->operations_.emplace(operation.name, std::move(operation));
    return {};
  }

 private:
  // Labels and queries mean nothing in a response: such members travel in its body.
  void keep_in_body(const std::string& shape_name) {
    for (auto& member : model_->shapes_.at(shape_name)->members) {
      if (member.location == Location::kUri || member.location == Location::kQuery) member.location = Location::kBody;
    }
  }

  void read_metadata(const json::object& metadata, const std::string& wanted) {
    const auto protocol = wanted.empty() ? text(metadata, "protocol") : wanted;
    model_->protocol = protocol == "rest-xml"              ? Protocol::kRestXml
                       : protocol == "json"                ? Protocol::kJson
                       : protocol == "query"               ? Protocol::kQuery
                       : protocol == "smithy-rpc-v2-cbor" ? Protocol::kCbor
                                                           : Protocol::kRestJson;
    model_->service_id = text(metadata, "serviceId");
    if (metadata.contains("jsonVersion")) model_->json_version = text(metadata, "jsonVersion");
    model_->target_prefix = text(metadata, "targetPrefix");
    model_->xml_namespace = text(metadata, "xmlNamespace");
    model_->query_compatible = metadata.contains("awsQueryCompatible");
    model_->error_namespace = text(metadata, "errorNamespace");
    model_->body_crc32 = flag(metadata, "bodyCrc32");
  }

  Result<void> read_ref(const json::object& from, Ref& ref) {
    const auto name = text(from, "shape");
    ref.shape = model_->shape(name);
    if (ref.shape == nullptr)
      return fail(Code::kCorrupt, fmt::format("the model refers to a shape '{}' that it lacks", name), "model");
    ref.location_name = text(from, "locationName");
    ref.location = location(text(from, "location"));
    ref.time_format = time_format(text(from, "timestampFormat"));
    read_namespace(from, ref.xml_namespace, ref.xml_prefix);
    ref.xml_attribute = flag(from, "xmlAttribute");
    ref.flattened = flag(from, "flattened");
    ref.streaming = flag(from, "streaming");
    ref.json_value = flag(from, "jsonvalue");
    ref.idempotency_token = flag(from, "idempotencyToken");
    return {};
  }

  Result<void> read_shape(const json::object& from, Shape& shape) {
    std::set<std::string> required;
    if (const auto* names = from.if_contains("required")) {
      for (const auto& name : names->get_array()) required.emplace(name.get_string());
    }
    if (const auto* members = from.if_contains("members")) {
      for (const auto& [name, value] : members->get_object()) {
        Ref ref;
        GUST_CHECK(read_ref(value.get_object(), ref));
        ref.name = name;
        ref.required = required.contains(ref.name);
        shape.members.push_back(std::move(ref));
      }
    }
    for (const auto& [key, ref] : {std::pair{"member", &shape.member}, {"key", &shape.key}, {"value", &shape.value}}) {
      if (const auto* value = from.if_contains(key)) GUST_CHECK(read_ref(value->get_object(), *ref));
    }
    shape.payload = text(from, "payload");
    shape.location_name = text(from, "locationName");
    read_namespace(from, shape.xml_namespace, shape.xml_prefix);
    shape.time_format = time_format(text(from, "timestampFormat"));
    shape.flattened = flag(from, "flattened");
    shape.is_union = flag(from, "union");
    shape.event_stream = flag(from, "eventstream");
    shape.opaque = flag(from, "opaque");
    // Where errors are named in a namespace, structures are, too: "com.amazonaws.dynamodb.v20120810.WriteRequest".
    const auto& space = model_->error_namespace;
    if (!space.empty() && shape.kind == Kind::kStructure)
      shape.location_name = space.substr(0, space.size() - 1) + "." + shape.name;
    read_constraints(from, shape);
    read_error(from, shape);
    return {};
  }

  static void read_constraints(const json::object& from, Shape& shape) {
    for (const auto& [key, bound] : {std::pair{"min", &shape.min}, {"max", &shape.max}}) {
      if (const auto* value = from.if_contains(key)) *bound = value->is_string() ? 0 : value->to_number<double>();
    }
    if (const auto* values = from.if_contains("enum")) {
      for (const auto& value : values->get_array()) shape.enum_values.emplace_back(value.get_string());
    }
    shape.pattern_text = text(from, "pattern");
    if (shape.pattern_text.empty()) return;
    RE2::Options quiet;
    quiet.set_log_errors(false);
    auto pattern = std::make_shared<RE2>(shape.pattern_text, quiet);
    if (pattern->ok()) shape.pattern = std::move(pattern);  // look-ahead and the like: the operation checks by itself
  }

  static void read_error(const json::object& from, Shape& shape) {
    if (!flag(from, "exception")) return;
    shape.error_code = shape.name;
    shape.error_status = flag(from, "fault") ? 500 : 400;
    if (const auto* error = from.if_contains("error")) {
      const auto& object = error->get_object();
      if (object.contains("code")) shape.error_code = text(object, "code");
      if (const auto* status = object.if_contains("httpStatusCode"))
        shape.error_status = static_cast<int>(status->as_int64());
    }
    shape.sender_fault = shape.error_status < 500;
  }

  std::shared_ptr<Model> model_;
};

const Ref* Shape::find(std::string_view member_name) const {
  for (const auto& member : members) {
    if (member.name == member_name) return &member;
  }
  return nullptr;
}

Result<std::shared_ptr<const Model>> Model::load(std::string_view text) {
  GUST_TRY(const auto document, codec::parse_json(text, 64));
  if (!document.is_object()) return fail(Code::kCorrupt, "a model is a JSON object", "model");
  return from(document.get_object());
}

Result<std::shared_ptr<const Model>> Model::from(const json::object& document) {
  GUST_TRY(auto model, ModelReader().read(document, ""));
  const auto& metadata = document.at("metadata").get_object();
  const auto* protocols = metadata.if_contains("protocols");
  if (protocols != nullptr && protocols->is_array()) {
    for (const auto& name : protocols->get_array()) {
      if (!name.is_string() || name == metadata.at("protocol")) continue;
      GUST_TRY(auto other, ModelReader().read(document, std::string(name.get_string())));
      model->others.push_back(std::move(other));
    }
  }
  return model;
}

const Operation* Model::operation(std::string_view name) const {
  const auto it = operations_.find(name);
  return it == operations_.end() ? nullptr : &it->second;
}

const Shape* Model::shape(std::string_view name) const {
  const auto it = shapes_.find(name);
  return it == shapes_.end() ? nullptr : it->second.get();
}

const Shape* Model::error(std::string_view code) const {
  if (const auto* direct = shape(code); direct != nullptr && direct->error_status != 0) return direct;
  for (const auto& [name, candidate] : shapes_) {
    if (candidate->error_status != 0 && candidate->error_code == code) return candidate.get();
  }
  return nullptr;
}

}  // namespace gust::wire
