// The published protocol tests (../shared/protocol-tests): request bytes give the parameters; what the serialiser
// writes for a result reads back as that result.
#include "codec/json.h"
#include "wire/json_body.h"
#include "wire/model.h"
#include "wire/protocol.h"
#include "wire/testing/response_parser.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

namespace gust::wire {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

const fs::path kTests = fs::path(GUST_SOURCE_DIR) / ".." / "shared" / "protocol-tests";

struct Case {
  std::string file;
  json::object suite;
  json::object data;
  std::string id() const { return std::string(data.at("id").get_string()); }
};

std::vector<Case> load_cases(const char* direction) {
  std::vector<Case> cases;
  if (!fs::exists(kTests)) return cases;
  for (const auto& entry : fs::directory_iterator(kTests / direction)) {
    std::ifstream in(entry.path());
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    const auto document = codec::parse_json(text, 200);
    for (const auto& suite : document->get_array()) {
      for (const auto& one : suite.get_object().at("cases").get_array()) {
        cases.push_back({entry.path().stem().string(), suite.get_object(), one.get_object()});
      }
    }
  }
  return cases;
}

struct Loaded {
  std::shared_ptr<const Model> model;
  const Operation* operation = nullptr;
};

Loaded load(const Case& c) {
  const auto& given = c.data.at("given").get_object();
  json::object document{{"metadata", c.suite.at("metadata")}, {"shapes", c.suite.at("shapes")}};
  document["operations"] = json::object{{given.at("name").get_string(), given}};
  auto model = Model::from(document);
  EXPECT_TRUE(model) << model.error().message;
  return {*model, (*model)->operation(given.at("name").get_string())};
}

// The form that the tests write values in: blobs as text, times as seconds, NaN as a string.
Value expected(const Ref& ref, const json::value& from) {
  const Shape& shape = *ref.shape;
  if (ref.json_value || shape.kind == Kind::kDocument) return document_from_json(from);
  switch (shape.kind) {
    case Kind::kStructure: {
      Value::Map out;
      for (const auto& [name, item] : from.get_object()) {
        if (const auto* member = shape.find(std::string_view(name)); member != nullptr && !item.is_null())
          out.emplace(member->name, expected(*member, item));
      }
      return out;
    }
    case Kind::kList: {
      Value::List out;
      for (const auto& item : from.get_array()) {
        if (!item.is_null()) out.push_back(expected(shape.member, item));
      }
      return out;
    }
    case Kind::kMap: {
      Value::Map out;
      for (const auto& [name, item] : from.get_object()) {
        if (!item.is_null()) out.emplace(std::string(name), expected(shape.value, item));
      }
      return out;
    }
    case Kind::kBlob:
      return Blob{std::string(from.get_string())};
    case Kind::kTimestamp:
      return from_epoch_ms(std::llround(from.to_number<double>() * 1000));
    case Kind::kFloat:
      if (!from.is_string()) return from.to_number<double>();
      return from.get_string() == "NaN"
                 ? std::numeric_limits<double>::quiet_NaN()
                 : (from.get_string()[0] == '-' ? -1 : 1) * std::numeric_limits<double>::infinity();
    default:
      return document_from_json(from);
  }
}

// Equal, with NaN equal to itself and empty collections equal to absent ones where the wire cannot tell them apart.
bool same(const Value& a, const Value& b);
bool is_empty(const Value& v) {
  if (const auto* list = v.as<Value::List>()) return list->empty();
  if (const auto* map = v.as<Value::Map>()) return map->empty();
  if (const auto* blob = v.as<Blob>()) return blob->bytes.empty();
  if (const auto* text = v.as<std::string>()) return text->empty();
  return v.is_null();
}
bool same_maps(const Value::Map& a, const Value::Map& b) {
  for (const auto& [name, item] : a) {
    const auto other = b.find(name);
    if (other == b.end() ? !is_empty(item) : !same(item, other->second)) return false;
  }
  return true;
}
bool same(const Value& a, const Value& b) {
  const auto *x = a.as<double>(), *y = b.as<double>();
  if (x != nullptr && y != nullptr) return *x == *y || (std::isnan(*x) && std::isnan(*y)) || std::abs(*x - *y) < 1e-6;
  const auto *ma = a.as<Value::Map>(), *mb = b.as<Value::Map>();
  if (ma != nullptr && mb != nullptr) return same_maps(*ma, *mb) && same_maps(*mb, *ma);
  const auto *la = a.as<Value::List>(), *lb = b.as<Value::List>();
  if (la != nullptr && lb != nullptr) {
    return la->size() == lb->size() &&
           std::ranges::equal(*la, *lb, [](const Value& p, const Value& q) { return same(p, q); });
  }
  return a == b;
}

std::string show(const Value& v) { return codec::to_json(document_to_json(v)) + " " + describe(v); }

// Published cases that ask something of a client which no server can see, each with its reason.
const char* client_only(const Case& c) {
  const auto id = c.id();
  if (id.starts_with("SDKAppl") || id.starts_with("SDKAppend"))
    return "asks that the client compresses; gives no body bytes";
  if (id.ends_with("QueryPrecedence")) return "asks which of two values the client drops; the dropped one is not sent";
  return nullptr;
}

// A map of the whole query holds the names that are members of their own, too; a client need not say them twice.
void forget_bound_names(const Shape& shape, Value& value) {
  for (const auto& member : shape.members) {
    auto* map = value.as<Value::Map>();
    if (member.location != Location::kQuery || member.shape->kind != Kind::kMap || !map->contains(member.name))
      continue;
    for (const auto& other : shape.members) {
      if (other.location == Location::kQuery) map->at(member.name).as<Value::Map>()->erase(other.wire_name());
    }
  }
}

class InputCase : public ::testing::TestWithParam<Case> {};

TEST_P(InputCase, RequestBytesGiveTheParameters) {
  const auto& c = GetParam();
  if (const auto* why = client_only(c)) GTEST_SKIP() << why;
  const auto [model, operation] = load(c);
  const auto& sent = c.data.at("serialized").get_object();
  http::Headers headers;
  if (const auto* fields = sent.if_contains("headers")) {
    for (const auto& [name, value] : fields->get_object())
      headers.add(std::string(name), std::string(value.get_string()));
  }
  const std::string uri(sent.contains("uri") ? sent.at("uri").get_string() : "/");
  const auto question = uri.find('?');
  const auto path = uri.substr(0, question);
  const auto query =
      codec::parse_query(question == std::string::npos ? "" : std::string_view(uri).substr(question + 1));
  ASSERT_TRUE(query);
  const std::string body(sent.contains("body") ? sent.at("body").get_string() : "");

  const std::string method(sent.contains("method") ? sent.at("method").get_string() : "POST");
  Labels labels;
  if (model->protocol == Protocol::kRestXml || model->protocol == Protocol::kRestJson) {
    const Router router(*model);
    // A client may put a folder of its own before the path ("/custom"); a server is mounted there.
    auto match = router.find(method, path, *query, headers);
    if (!match && path.starts_with("/custom")) match = router.find(method, path.substr(7), *query, headers);
    ASSERT_TRUE(match) << uri;
    EXPECT_EQ(match->operation, operation);
    labels = match->labels;
  } else if (model->protocol == Protocol::kJson && headers.contains("x-amz-target")) {
    EXPECT_EQ(target_operation(*model, headers), operation->name);
  }
  auto parsed = parse_input(*model, *operation, labels, *query, headers, body);
  ASSERT_TRUE(parsed) << parsed.error().message;
  auto wanted =
      operation->input.shape == nullptr ? Value(Value::Map()) : expected(operation->input, c.data.at("params"));
  // An idempotency token that the caller leaves out is made by the client: here, this one.
  if (operation->input.shape != nullptr) {
    forget_bound_names(*operation->input.shape, *parsed);
    forget_bound_names(*operation->input.shape, wanted);
    for (const auto& member : operation->input.shape->members) {
      if (member.idempotency_token)
        wanted.as<Value::Map>()->try_emplace(member.name, Value(std::string("00000000-0000-4000-8000-000000000000")));
    }
  }
  EXPECT_TRUE(same(*parsed, wanted)) << "got:    " << show(*parsed) << "\nwanted: " << show(wanted);
}

class OutputCase : public ::testing::TestWithParam<Case> {};

TEST_P(OutputCase, WhatIsWrittenReadsBack) {
  const auto& c = GetParam();
  const auto [model, operation] = load(c);
  if (c.data.contains("errorCode")) {
    WireError error;
    error.code = c.data.at("errorCode").get_string();
    if (const auto* message = c.data.if_contains("errorMessage")) error.message = message->get_string();
    const auto* shape = model->error(error.code);
    Ref whole;
    whole.shape = shape;
    if (shape != nullptr && c.data.contains("error"))
      error.members = *expected(whole, c.data.at("error")).as<Value::Map>();
    const auto written = write_error(*model, error, "request-1");
    const auto back = testing::parse_error(*model, shape, written);
    ASSERT_TRUE(back) << written.body;
    EXPECT_EQ(back->code, error.code);
    EXPECT_EQ(back->message, error.message);
    EXPECT_EQ(written.status, c.data.at("response").get_object().at("status_code").to_number<int>());
    EXPECT_TRUE(same_maps(error.members, back->members)) << written.body;
    return;
  }
  const auto wanted =
      operation->output.shape == nullptr ? Value(Value::Map()) : expected(operation->output, c.data.at("result"));
  const auto written = write_output(*model, *operation, wanted, "request-1");
  const auto back = testing::parse_output(*model, *operation, written);
  ASSERT_TRUE(back) << written.body << back.error().message;
  EXPECT_TRUE(same(*back, wanted)) << written.body << "\ngot:    " << show(*back) << "\nwanted: " << show(wanted);
  EXPECT_EQ(written.status, c.data.at("response").get_object().at("status_code").to_number<int>());
}

const auto name_of = [](const ::testing::TestParamInfo<Case>& info) {
  std::string name = info.param.file + "_" + info.param.id();
  std::erase_if(name, [](char ch) { return !std::isalnum(static_cast<unsigned char>(ch)) && ch != '_'; });
  return name + "_" + std::to_string(info.index);
};

INSTANTIATE_TEST_SUITE_P(Published, InputCase, ::testing::ValuesIn(load_cases("input")), name_of);
INSTANTIATE_TEST_SUITE_P(Published, OutputCase, ::testing::ValuesIn(load_cases("output")), name_of);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(InputCase);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OutputCase);

TEST(PublishedProtocolTests, AreThere) {
  if (!fs::exists(kTests)) GTEST_SKIP() << "../shared/protocol-tests is not there; its cases were not run";
  EXPECT_GT(load_cases("input").size(), 300u);
  EXPECT_GT(load_cases("output").size(), 250u);
}

}  // namespace
}  // namespace gust::wire
