#include "fuzz/request_parser.h"

#include "base/assert.h"
#include "http/message.h"
#include "wire/model.h"
#include "wire/protocol.h"
#include "wire/router.h"
#include "wire/validate.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>

namespace {

using namespace gust;

constexpr std::string_view kShapes = R"(
"operations": {
  "Put": {"name": "Put", "http": {"method": "PUT", "requestUri": "/b/{Name}/{Path+}?put"},
          "input": {"shape": "All"}, "output": {"shape": "All"}},
  "Post": {"name": "Post", "http": {"method": "POST", "requestUri": "/"},
           "input": {"shape": "Body"}, "output": {"shape": "Body"}},
  "Raw": {"name": "Raw", "http": {"method": "POST", "requestUri": "/raw"},
          "input": {"shape": "RawBody"}, "output": {"shape": "RawBody"}}},
"shapes": {
  "S": {"type": "string", "min": 1, "max": 8, "pattern": "[a-z]+"}, "T": {"type": "string"},
  "E": {"type": "string", "enum": ["one", "two"]}, "I": {"type": "integer", "min": 1, "max": 9}, "L": {"type": "long"},
  "F": {"type": "float"}, "D": {"type": "double"}, "B": {"type": "boolean"}, "X": {"type": "blob"},
  "When": {"type": "timestamp"}, "Http": {"type": "timestamp", "timestampFormat": "rfc822"},
  "Iso": {"type": "timestamp", "timestampFormat": "iso8601"},
  "Texts": {"type": "list", "member": {"shape": "S"}, "max": 3},
  "Flat": {"type": "list", "member": {"shape": "I"}, "flattened": true},
  "Bodies": {"type": "list", "member": {"shape": "Body", "locationName": "item"}},
  "Map": {"type": "map", "key": {"shape": "S"}, "value": {"shape": "T"}},
  "Deep": {"type": "map", "key": {"shape": "T"}, "value": {"shape": "Body"}, "flattened": true},
  "Doc": {"type": "structure", "members": {}, "document": true},
  "Choice": {"type": "structure", "union": true, "members": {"A": {"shape": "T"}, "B": {"shape": "I"}}},
  "Body": {"type": "structure", "required": ["Text"], "members": {
    "Text": {"shape": "S"}, "Enum": {"shape": "E"}, "Int": {"shape": "I"}, "Long": {"shape": "L"},
    "Float": {"shape": "F"},
    "Double": {"shape": "D"}, "Bool": {"shape": "B"}, "Blob": {"shape": "X"}, "When": {"shape": "When"},
    "Iso": {"shape": "Iso"},
    "Texts": {"shape": "Texts"}, "Flat": {"shape": "Flat"}, "Bodies": {"shape": "Bodies"}, "Map": {"shape": "Map"},
    "Deep": {"shape": "Deep"}, "Doc": {"shape": "Doc"}, "Choice": {"shape": "Choice"}, "Next": {"shape": "Body"},
    "Attr": {"shape": "T", "xmlAttribute": true, "locationName": "x:attr"}}},
  "All": {"type": "structure", "payload": "Body", "members": {
    "Name": {"shape": "S", "location": "uri", "locationName": "Name"},
    "Path": {"shape": "T", "location": "uri", "locationName": "Path"},
    "Q": {"shape": "I", "location": "querystring", "locationName": "q"},
    "Qs": {"shape": "Texts", "location": "querystring", "locationName": "qs"},
    "Rest": {"shape": "Map", "location": "querystring"},
    "H": {"shape": "Http", "location": "header", "locationName": "x-when"},
    "Hs": {"shape": "Texts", "location": "header", "locationName": "x-texts"},
    "Hb": {"shape": "B", "location": "header", "locationName": "x-bool"},
    "Hj": {"shape": "T", "location": "header", "locationName": "x-json", "jsonvalue": true},
    "Meta": {"shape": "Map", "location": "headers", "locationName": "x-meta-"}, "Body": {"shape": "Body"}}},
  "RawBody": {"type": "structure", "payload": "X", "members": {"X": {"shape": "X"}}}
})";

std::string_view cut(std::string_view& text, std::string_view at) {
  const auto end = text.find(at);
  const auto head = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + at.size());
  return head;
}

void parse_with(const wire::Model& model, const wire::Operation& operation, const wire::Labels& labels,
                const codec::QueryPairs& query, const http::Headers& headers, std::string_view body) {
  const auto input = wire::parse_input(model, operation, labels, query, headers, body);
  if (!input) {
    GUST_ASSERT(!input.error().message.empty());
    return;
  }
  (void)wire::validation_message(wire::validate(*operation.input.shape, *input));
  (void)wire::write_output(model, operation, *input, "id");
}

}  // namespace

void fuzz_request(std::string_view metadata, std::string_view input) {
  static const auto model = *wire::Model::load(fmt::format("{{\"metadata\": {},{}}}", metadata, kShapes));
  static const wire::Router router(*model);
  const auto method = cut(input, " ");
  auto target = cut(input, "\n");
  http::Headers headers;
  for (auto line = cut(input, "\n"); !line.empty(); line = cut(input, "\n")) {
    const auto name = cut(line, ":");
    headers.add(std::string(name), std::string(line));
  }
  const auto path = cut(target, "?");
  const auto query = codec::parse_query(target);
  if (!query) return;
  const auto match = router.find(method, path, *query, headers);
  if (match) parse_with(*model, *match->operation, match->labels, *query, headers, input);
  parse_with(*model, *model->operation("Post"), {}, *query, headers, input);
}
