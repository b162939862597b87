// Model: the shapes and operations of one service, read from its JSON (api/models; the form of the public models).
// Immutable once loaded; any thread.
#pragma once

#include "base/result.h"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace gust::wire {

enum class Kind { kStructure, kList, kMap, kString, kBlob, kBoolean, kInteger, kLong, kFloat, kTimestamp, kDocument };
enum class Location { kBody, kUri, kQuery, kHeader, kHeaders, kStatusCode };
enum class TimeFormat { kDefault, kIso8601, kHttpDate, kEpoch };

struct Shape;

// A use of a shape, with the traits that belong to the use.
struct Ref {
  const Shape* shape = nullptr;
  std::string name;           // of the member; empty for list members, keys and values
  std::string location_name;  // on the wire; empty when the model gives none
  Location location = Location::kBody;
  TimeFormat time_format = TimeFormat::kDefault;
  std::string xml_namespace;
  std::string xml_prefix;
  bool xml_attribute = false;
  bool flattened = false;
  bool streaming = false;
  bool json_value = false;  // text that is JSON; base64 in headers
  bool idempotency_token = false;
  bool required = false;

  const std::string& wire_name() const { return location_name.empty() ? name : location_name; }
};

struct Shape {
  std::string name;
  Kind kind = Kind::kString;
  std::vector<Ref> members;  // of a structure
  Ref member;                // of a list
  Ref key, value;            // of a map
  std::string payload;       // the member that is the body
  std::string location_name;
  std::string xml_namespace;
  std::string xml_prefix;
  TimeFormat time_format = TimeFormat::kDefault;
  bool flattened = false;
  bool is_union = false;
  bool event_stream = false;
  bool opaque = false;  // a structure that the service reads from the document by itself
  std::optional<double> min, max;  // length, size or value
  std::string pattern_text;
  std::shared_ptr<const re2::RE2> pattern;  // null when there is none, or RE2 cannot take it
  std::vector<std::string> enum_values;
  // Of errors: the code on the wire (the shape's name unless the model says otherwise) and the status.
  std::string error_code;
  int error_status = 0;
  bool sender_fault = true;

  const Ref* find(std::string_view member_name) const;
};

struct Operation {
  std::string name;
  std::string method;
  std::string uri;  // template, with its literal query
  int status = 200;
  Ref input;   // shape null when there is none
  Ref output;
  std::set<std::string> errors;
  bool unwrapped_output = false;  // the only member's text is the root element's text
};

enum class Protocol { kRestXml, kRestJson, kJson, kQuery, kCbor };

class Model {
 public:
  // kCorrupt when the text is not a model.
  static Result<std::shared_ptr<const Model>> load(std::string_view json);
  // The same from a parsed document with "metadata", "operations", "shapes".
  static Result<std::shared_ptr<const Model>> from(const boost::json::object& document);

  Protocol protocol = Protocol::kRestJson;
  std::string service_id;
  std::string json_version = "1.0";
  std::string target_prefix;
  std::string xml_namespace;
  bool query_compatible = false;
  std::string error_namespace;  // before the names of errors in JSON, where a service has one
  bool body_crc32 = false;      // answers carry the CRC-32 of their body
  // The same service in the other protocols that its metadata names; they have none themselves.
  std::vector<std::shared_ptr<const Model>> others;

  const Operation* operation(std::string_view name) const;
  const std::map<std::string, Operation, std::less<>>& operations() const { return operations_; }
  const Shape* shape(std::string_view name) const;
  // The error shape with this code on the wire, or null.
  const Shape* error(std::string_view code) const;

 private:
  std::map<std::string, std::unique_ptr<Shape>, std::less<>> shapes_;
  std::map<std::string, Operation, std::less<>> operations_;
  friend class ModelReader;
};

}  // namespace gust::wire
