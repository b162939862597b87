#include "wire/testing/response_parser.h"

#include "codec/json.h"
#include "codec/xml.h"
#include "wire/json_body.h"
#include "wire/rest_bindings.h"
#include "wire/xml_body.h"

#include <boost/json/object.hpp>

#include <algorithm>

namespace gust::wire::testing {
namespace {

bool is_xml(const Model& model) { return model.protocol == Protocol::kRestXml || model.protocol == Protocol::kQuery; }

Result<Value> parse_payload(const Model& model, const Ref& payload, const std::string& body) {
  if (payload.shape->kind == Kind::kBlob) return Value(Blob{body});
  if (payload.shape->kind == Kind::kString) return Value(body);
  if (is_xml(model)) {
    GUST_TRY(const auto document, codec::parse_xml(body));
    return from_xml(payload, document->document_element());
  }
  GUST_TRY(const auto document, codec::parse_json(body));
  return from_json(payload, document);
}

Result<void> parse_members(const Model& model, const Operation& operation, const WholeResponse& response,
                           Value::Map& out) {
  const Shape& shape = *operation.output.shape;
  Value members;
  if (is_xml(model)) {
    GUST_TRY(const auto document, codec::parse_xml(response.body));
    auto root = document->document_element();
    if (model.protocol == Protocol::kQuery) root = root.child((operation.name + "Result").c_str());
    GUST_TRY(members, structure_from_xml(shape, root));
  } else {
    GUST_TRY(const auto document, codec::parse_json(response.body));
    GUST_TRY(members, from_json(operation.output, document));
  }
  out.merge(*members.as<Value::Map>());
  return {};
}

}  // namespace

Result<Value> parse_output(const Model& model, const Operation& operation, const WholeResponse& response) {
  Value::Map out;
  const auto* shape = operation.output.shape;
  if (shape == nullptr) return Value(std::move(out));
  if (model.protocol == Protocol::kRestXml || model.protocol == Protocol::kRestJson) {
    auto headers = response.headers;
    // A map of headers with an empty prefix takes every header; these two belong to the protocol.
    for (const auto* name : {"Content-Type", "x-amzn-RequestId"}) {
      const bool bound = std::ranges::any_of(shape->members, [&](const Ref& m) { return m.wire_name() == name; });
      if (!bound) headers.erase(name);
    }
    GUST_CHECK(read_headers(*shape, headers, out));
    for (const auto& member : shape->members) {
      if (member.location == Location::kStatusCode) out.emplace(member.name, Value(std::int64_t{response.status}));
    }
  }
  if (response.body.empty()) return Value(std::move(out));
  if (!shape->payload.empty()) {
    GUST_TRY(auto value, parse_payload(model, *shape->find(shape->payload), response.body));
    out.emplace(shape->payload, std::move(value));
    return Value(std::move(out));
  }
  GUST_CHECK(parse_members(model, operation, response, out));
  return Value(std::move(out));
}

Result<WireError> parse_error(const Model& model, const Shape* shape, const WholeResponse& response) {
  WireError error;
  error.status = response.status;
  if (shape != nullptr) GUST_CHECK(read_headers(*shape, response.headers, error.members));
  if (is_xml(model)) {
    GUST_TRY(const auto document, codec::parse_xml(response.body));
    auto node = document->document_element();
    if (codec::xml_local_name(node) == "ErrorResponse") node = node.child("Error");
    error.code = node.child("Code").text().get();
    error.message = node.child("Message").text().get();
    if (shape != nullptr) {
      GUST_TRY(auto members, structure_from_xml(*shape, node));
      error.members.merge(*members.as<Value::Map>());
    }
    return error;
  }
  GUST_TRY(const auto document, codec::parse_json(response.body));
  const auto& object = document.get_object();
  const auto text = [&](std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr ? std::string(value->get_string()) : std::string();
  };
  error.code = text("__type");
  if (const auto header = response.headers.get("x-amzn-ErrorType")) error.code = *header;
  if (const auto header = response.headers.get("x-amzn-query-error")) error.code = header->substr(0, header->find(';'));
  error.message = text("message") + text("Message");
  if (shape != nullptr) {
    Ref whole;
    whole.shape = shape;
    GUST_TRY(auto members, from_json(whole, document));
    error.members.merge(*members.as<Value::Map>());
  }
  return error;
}

}  // namespace gust::wire::testing
