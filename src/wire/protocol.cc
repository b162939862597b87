#include "wire/protocol.h"

#include "codec/crc.h"
#include "codec/json.h"
#include "codec/xml.h"
#include "wire/cbor_body.h"
#include "wire/event_stream.h"
#include "wire/form_body.h"
#include "wire/json_body.h"
#include "wire/scalar.h"
#include "wire/xml_body.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace gust::wire {
namespace {

namespace json = boost::json;

constexpr std::string_view kCborProtocol = "rpc-v2-cbor";
constexpr std::string_view kXmlHeader = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

bool is_s3(const Model& model) { return model.service_id == "S3"; }

bool has_body_members(const Shape& shape) {
  for (const auto& member : shape.members) {
    if (member.location == Location::kBody) return true;
  }
  return false;
}

Result<Value> parse_text_payload(const Ref& payload, std::string_view body) {
  if (payload.shape->kind == Kind::kBlob) return Value(Blob{std::string(body)});
  return Value(std::string(body));
}

bool is_raw(const Ref& payload) { return payload.shape->kind == Kind::kBlob || payload.shape->kind == Kind::kString; }

Result<Value> parse_payload(const Model& model, const Ref& payload, std::string_view body) {
  if (is_raw(payload)) return parse_text_payload(payload, body);
  if (model.protocol == Protocol::kRestXml) {
    GUST_TRY(const auto document, codec::parse_xml(body));
    return from_xml(payload, document->document_element());
  }
  GUST_TRY(const auto document, codec::parse_json(body));
  return from_json(payload, document);
}

Result<void> parse_rest_body(const Model& model, const Shape& shape, std::string_view body, Value::Map& out) {
  if (!shape.payload.empty()) {
    const auto* payload = shape.find(shape.payload);
    if (payload == nullptr || payload->streaming || body.empty()) return {};
    GUST_TRY(auto value, parse_payload(model, *payload, body));
    out.emplace(payload->name, std::move(value));
    return {};
  }
  if (body.empty() || !has_body_members(shape)) return {};
  Value members;
  if (model.protocol == Protocol::kRestXml) {
    GUST_TRY(const auto document, codec::parse_xml(body));
    GUST_TRY(members, structure_from_xml(shape, document->document_element()));
  } else {
    GUST_TRY(const auto document, codec::parse_json(body));
    Ref whole;
    whole.shape = &shape;
    GUST_TRY(members, from_json(whole, document));
  }
  for (auto& [name, value] : *members.as<Value::Map>()) out.emplace(name, std::move(value));
  return {};
}

void add_request_id(const Model& model, http::Headers& headers, std::string_view request_id) {
  if (is_s3(model)) {
    headers.add("x-amz-request-id", std::string(request_id));
    headers.add("x-amz-id-2", std::string(request_id));
  } else {
    headers.add("x-amzn-RequestId", std::string(request_id));
  }
}

std::string json_content_type(const Model& model) {
  return model.protocol == Protocol::kJson ? "application/x-amz-json-" + model.json_version : "application/json";
}

void write_xml_output(const Model& model, const Operation& operation, const Value& output, WholeResponse& out) {
  const Shape& shape = *operation.output.shape;
  const Ref* payload = shape.payload.empty() ? nullptr : shape.find(shape.payload);
  const Ref& root = payload != nullptr ? *payload : operation.output;
  const Value* value = payload != nullptr ? output.find(payload->name) : &output;
  if (value == nullptr || value->is_null()) return;
  if (payload == nullptr && !has_body_members(shape)) return;
  std::string name = root.location_name.empty() ? root.shape->location_name : root.location_name;
  if (name.empty()) name = payload != nullptr && !is_s3(model) ? payload->name : root.shape->name;
  auto attributes = xml_attributes(root, *value);
  if (attributes.find("xmlns") == std::string::npos && !model.xml_namespace.empty()) {
    attributes = fmt::format(" xmlns=\"{}\"", model.xml_namespace) + attributes;
  }
  out.body = fmt::format("{}<{}{}>", kXmlHeader, name, attributes);
  if (operation.unwrapped_output && !shape.members.empty()) {
    if (const auto* only = output.find(shape.members[0].name))
      out.body += codec::xml_escape(scalar_text(shape.members[0], *only, TimeFormat::kIso8601));
  } else {
    append_members(out.body, *root.shape, *value);
  }
  out.body += fmt::format("</{}>", name);
  out.headers.set("Content-Type", "application/xml");
}

void write_rest_body(const Model& model, const Operation& operation, const Value& output, WholeResponse& out) {
  const Shape& shape = *operation.output.shape;
  const Ref* payload = shape.payload.empty() ? nullptr : shape.find(shape.payload);
  if (payload != nullptr && payload->shape->event_stream)
    return out.headers.set("Content-Type", std::string(kEventStreamType));
  if (payload != nullptr && (is_raw(*payload) || payload->streaming)) {
    const auto* value = output.find(payload->name);
    if (value == nullptr) return;
    if (const auto* blob = value->as<Blob>()) out.body = blob->bytes;
    if (const auto* text = value->as<std::string>()) out.body = *text;
    if (!out.headers.contains("Content-Type")) {
      out.headers.set("Content-Type", payload->shape->kind == Kind::kBlob ? "application/octet-stream" : "text/plain");
    }
    return;
  }
  if (model.protocol == Protocol::kRestXml) return write_xml_output(model, operation, output, out);
  if (payload == nullptr && out.status == 204) return;
  const auto* value = payload != nullptr ? output.find(payload->name) : &output;
  if (value == nullptr || value->is_null()) return;
  out.body = codec::to_json(to_json(payload != nullptr ? *payload : operation.output, *value));
  out.headers.set("Content-Type", "application/json");
}

void write_query_output(const Model& model, const Operation& operation, const Value& output,
                        std::string_view request_id, WholeResponse& out) {
  const auto xmlns = model.xml_namespace.empty() ? "" : fmt::format(" xmlns=\"{}\"", model.xml_namespace);
  out.body = fmt::format("<{}Response{}>", operation.name, xmlns);
  if (operation.output.shape != nullptr) {
    out.body += fmt::format("<{}Result>", operation.name);
    append_members(out.body, *operation.output.shape, output);
    out.body += fmt::format("</{}Result>", operation.name);
  }
  out.body += fmt::format("<ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{}Response>", request_id,
                          operation.name);
  out.headers.set("Content-Type", "text/xml");
}

std::string error_members_xml(const Model& model, const WireError& error) {
  std::string out = fmt::format("<Code>{}</Code><Message>{}</Message>", codec::xml_escape(error.code),
                                codec::xml_escape(error.message));
  const auto* shape = model.error(error.code);
  if (shape == nullptr || is_s3(model)) {
    for (const auto& [name, value] : error.members)
      fmt::format_to(std::back_inserter(out), "<{}>{}</{}>", name, codec::xml_escape(describe(value)), name);
    return out;
  }
  for (const auto& member : shape->members) {
    const auto value = error.members.find(member.name);
    if (member.location == Location::kBody && value != error.members.end() && member.wire_name() != "Message") {
      append_xml(out, member, member.wire_name(), value->second);
    }
  }
  return out;
}

void write_xml_error(const Model& model, const WireError& error, std::string_view request_id, WholeResponse& out) {
  const auto members = error_members_xml(model, error);
  if (is_s3(model)) {
    out.body = fmt::format("{}<Error>{}<RequestId>{}</RequestId><HostId>{}</HostId></Error>", kXmlHeader, members,
                           request_id, request_id);
  } else {
    out.body = fmt::format("<ErrorResponse{}><Error><Type>{}</Type>{}</Error><RequestId>{}</RequestId></ErrorResponse>",
                           model.xml_namespace.empty() ? "" : fmt::format(" xmlns=\"{}\"", model.xml_namespace),
                           out.status < 500 ? "Sender" : "Receiver", members, request_id);
  }
  out.headers.set("Content-Type", is_s3(model) ? "application/xml" : "text/xml");
}

// As the service's own errors or those of the framework before it are named.
std::string error_type(const Model& model, const WireError& error, const Shape* shape) {
  if (model.error_namespace.empty()) return shape != nullptr ? shape->name : error.code;
  if (error.code == "ThrottlingException") return "com.amazon.coral.availability#" + error.code;
  if (shape != nullptr) return model.error_namespace + shape->name;
  const bool invalid = error.code == "ValidationException";
  return (invalid ? "com.amazon.coral.validate#" : "com.amazon.coral.service#") + error.code;
}

// The framework before the service writes some in upper case.
std::string_view message_name(const Model& model, std::string_view code) {
  const bool upper = code == "SerializationException" || code == "AccessDeniedException";
  return upper && !model.error_namespace.empty() ? "Message" : "message";
}

void add_crc32(const Model& model, WholeResponse& out) {
  if (!model.body_crc32) return;
  out.headers.set("x-amz-crc32", std::to_string(codec::crc32(0, std::as_bytes(std::span(out.body)))));
}

void write_json_error(const Model& model, const WireError& error, WholeResponse& out) {
  json::object body;
  const auto* shape = model.error(error.code);
  if (model.protocol == Protocol::kJson) body["__type"] = error_type(model, error, shape);
  bool has_message = false;
  if (shape != nullptr) {
    for (const auto& member : shape->members) {
      const bool is_message = member.wire_name() == "message" || member.wire_name() == "Message";
      const auto value = error.members.find(member.name);
      if (member.location != Location::kBody) continue;
      if (is_message) {
        has_message = true;
        if (!error.message.empty()) body[member.wire_name()] = error.message;
      } else if (value != error.members.end()) {
        body[member.wire_name()] = to_json(member, value->second);
      }
    }
  }
  if (!has_message && !error.message.empty()) body[message_name(model, error.code)] = error.message;
  if (model.protocol == Protocol::kRestJson) out.headers.set("x-amzn-ErrorType", error.code);
  if (model.query_compatible)
    out.headers.set("x-amzn-query-error", fmt::format("{};{}", error.code, out.status < 500 ? "Sender" : "Receiver"));
  out.body = codec::to_json(body);
  out.headers.set("Content-Type", json_content_type(model));
}

// The same facts as in JSON; there is nothing but the shape's own members beside the type.
void write_cbor_error(const Model& model, const WireError& error, WholeResponse& out) {
  const auto* shape = model.error(error.code);
  Value::Map body;
  body.emplace("__type", Value(shape != nullptr ? shape->name : error.code));
  std::string message = "message";
  for (const auto& member : shape != nullptr ? shape->members : std::vector<Ref>()) {
    if (member.name == "Message") message = member.name;
    const auto value = error.members.find(member.name);
    if (value != error.members.end()) body.insert_or_assign(member.name, value->second);
  }
  if (!error.message.empty()) body.insert_or_assign(message, Value(error.message));
  if (model.query_compatible)
    out.headers.set("x-amzn-query-error", fmt::format("{};{}", error.code, out.status < 500 ? "Sender" : "Receiver"));
  out.headers.set("smithy-protocol", std::string(kCborProtocol));
  out.headers.set("Content-Type", "application/cbor");
  out.body = to_cbor(Value(std::move(body)));
}

void write_cbor_output(const Operation& operation, const Value& output, WholeResponse& out) {
  out.headers.set("smithy-protocol", std::string(kCborProtocol));
  if (operation.output.shape == nullptr) return;
  out.headers.set("Content-Type", "application/cbor");
  out.body = to_cbor(operation.output, output);
}

}  // namespace

bool has_streaming_input(const Operation& operation) {
  const auto* shape = operation.input.shape;
  if (shape == nullptr || shape->payload.empty()) return false;
  const auto* payload = shape->find(shape->payload);
  return payload != nullptr && payload->streaming;
}

std::string target_operation(const Model& model, const http::Headers& headers) {
  const auto target = headers.get_or("x-amz-target", "");
  const auto dot = target.rfind('.');
  if (dot == std::string_view::npos || target.substr(0, dot) != model.target_prefix) return "";
  return std::string(target.substr(dot + 1));
}

std::string path_operation(const Model& model, std::string_view path) {
  const auto before = fmt::format("/service/{}/operation/", model.target_prefix);
  return std::string(path.starts_with(before) ? path.substr(before.size()) : "");
}

Protocol spoken_protocol(const http::Headers& headers) {
  if (headers.get_or("smithy-protocol", "") == kCborProtocol) return Protocol::kCbor;
  return headers.contains("x-amz-target") ? Protocol::kJson : Protocol::kQuery;
}

Result<Value> parse_input(const Model& model, const Operation& operation, const Labels& labels,
                          const codec::QueryPairs& query, const http::Headers& headers, std::string_view body) {
  const auto* shape = operation.input.shape;
  if (shape == nullptr) return Value(Value::Map());
  if (model.protocol == Protocol::kQuery) {
    GUST_TRY(auto pairs, codec::parse_query(body));
    pairs.insert(pairs.end(), query.begin(), query.end());
    return from_form(*shape, pairs);
  }
  if (model.protocol == Protocol::kJson) {
    if (body.empty()) return Value(Value::Map());
    GUST_TRY(const auto document, codec::parse_json(body));
    return from_json(operation.input, document);
  }
  if (model.protocol == Protocol::kCbor) {
    if (body.empty()) return Value(Value::Map());
    return from_cbor(operation.input, body);
  }
  Value::Map out;
  GUST_CHECK(read_bindings(*shape, labels, query, headers, out));
  GUST_CHECK(parse_rest_body(model, *shape, body, out));
  return Value(std::move(out));
}

static bool streams_events(const Operation& operation) {
  const auto* const shape = operation.output.shape;
  const auto* const payload = shape == nullptr || shape->payload.empty() ? nullptr : shape->find(shape->payload);
  return payload != nullptr && payload->shape->event_stream;
}

WholeResponse write_output(const Model& model, const Operation& operation, const Value& output,
                           std::string_view request_id) {
  WholeResponse out;
  out.status = operation.status;
  add_request_id(model, out.headers, request_id);
  const auto* shape = operation.output.shape;
  if (model.protocol == Protocol::kQuery) {
    write_query_output(model, operation, output, request_id, out);
  } else if (model.protocol == Protocol::kCbor) {
    write_cbor_output(operation, output, out);
  } else if (model.protocol == Protocol::kJson && streams_events(operation)) {
    out.headers.set("Content-Type", std::string(kEventStreamType));
  } else if (model.protocol == Protocol::kJson) {
    out.body = shape == nullptr ? "{}" : codec::to_json(to_json(operation.output, output));
    out.headers.set("Content-Type", json_content_type(model));
  } else if (shape != nullptr) {
    write_headers(*shape, output, out.headers, out.status);
    write_rest_body(model, operation, output, out);
  }
  add_crc32(model, out);
  return out;
}

WholeResponse write_text(const Model& model, std::string body, std::string_view request_id) {
  WholeResponse out;
  add_request_id(model, out.headers, request_id);
  out.headers.set("Content-Type", json_content_type(model));
  out.body = std::move(body);
  add_crc32(model, out);
  return out;
}

WholeResponse write_error(const Model& model, const WireError& error, std::string_view request_id) {
  WholeResponse out;
  const auto* shape = model.error(error.code);
  out.status = error.status != 0 ? error.status : shape != nullptr ? shape->error_status : 400;
  if (model.query_compatible && error.status == 0) out.status = out.status < 500 ? 400 : 500;
  add_request_id(model, out.headers, request_id);
  if (shape != nullptr) {
    int ignored = 0;
    write_headers(*shape, Value(error.members), out.headers, ignored);
  }
  if (model.protocol == Protocol::kRestXml || model.protocol == Protocol::kQuery) {
    write_xml_error(model, error, request_id, out);
  } else if (model.protocol == Protocol::kCbor) {
    write_cbor_error(model, error, out);
  } else {
    write_json_error(model, error, out);
  }
  add_crc32(model, out);
  return out;
}

}  // namespace gust::wire
