// CBOR: the examples of RFC 8949, appendix A, that have a meaning here, and values by a shape.
#include "wire/cbor_body.h"

#include "codec/hex.h"
#include "codec/json.h"

#include <boost/json/object.hpp>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace gust::wire {
namespace {

Result<Value> read(std::string_view hex) { return parse_cbor(*codec::from_hex(hex)); }

TEST(CborTest, ReadsTheExamplesOfTheRfc) {
  const std::pair<const char*, Value> cases[] = {
      {"00", std::int64_t{0}},
      {"17", std::int64_t{23}},
      {"1818", std::int64_t{24}},
      {"1903e8", std::int64_t{1000}},
      {"1b000000e8d4a51000", std::int64_t{1'000'000'000'000}},
      {"1bffffffffffffffff", 18446744073709551615.0},
      {"20", std::int64_t{-1}},
      {"3903e7", std::int64_t{-1000}},
      {"f90000", 0.0},
      {"f93c00", 1.0},
      {"fb3ff199999999999a", 1.1},
      {"f97bff", 65504.0},
      {"fa47c35000", 100000.0},
      {"f90001", 5.960464477539063e-8},
      {"f9c400", -4.0},
      {"f97c00", std::numeric_limits<double>::infinity()},
      {"f4", false},
      {"f5", true},
      {"f6", Value()},
      {"c11a514b67b0", from_epoch_ms(1'363'896'240'000)},
      {"c1fb41d452d9ec200000", from_epoch_ms(1'363'896'240'500)},
      {"4401020304", Blob{"\x01\x02\x03\x04"}},
      {"6449455446", std::string("IETF")},
      {"80", Value::List()},
      {"83010203", Value::List{std::int64_t{1}, std::int64_t{2}, std::int64_t{3}}},
      {"a26161016162820203", Value::Map{{"a", std::int64_t{1}}, {"b", Value::List{std::int64_t{2}, std::int64_t{3}}}}},
      {"5f42010243030405ff", Blob{"\x01\x02\x03\x04\x05"}},
      {"7f657374726561646d696e67ff", std::string("streaming")},
      {"9f0102ff", Value::List{std::int64_t{1}, std::int64_t{2}}},
      {"bf6161019fff", Value()},
  };
  for (const auto& [hex, wanted] : cases) {
    const auto value = read(hex);
    if (std::string_view(hex) == "bf6161019fff") {
      EXPECT_FALSE(value);  // a list for a key
      continue;
    }
    ASSERT_TRUE(value) << hex << ": " << value.error().message;
    EXPECT_EQ(*value, wanted) << hex;
  }
  EXPECT_TRUE(std::isnan(*read("f97e00")->as<double>()));
}

TEST(CborTest, RefusesWhatIsNone) {
  for (const auto* wrong : {"", "18", "61", "7fff00", "ff", "9f01", "1c", "1f", "c161", "a10102", "5bffffffffffffffff",
                            "9bffffffffffffffff", "0000", "f8ff", "7f4101ff", "61ff"})
    EXPECT_EQ(read(wrong).error().code, Code::kInvalid) << wrong;
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "81";
  EXPECT_FALSE(read(deep + "00"));
}

constexpr std::string_view kModel = R"({"metadata": {"protocol": "smithy-rpc-v2-cbor", "targetPrefix": "S"},
  "operations": {"Put": {"name": "Put", "http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "All"},
                         "output": {"shape": "All"}}},
  "shapes": {"T": {"type": "string"}, "I": {"type": "integer"}, "D": {"type": "double"}, "B": {"type": "blob"},
    "When": {"type": "timestamp"}, "Ts": {"type": "list", "member": {"shape": "T"}},
    "M": {"type": "map", "key": {"shape": "T"}, "value": {"shape": "D"}},
    "All": {"type": "structure", "members": {"Text": {"shape": "T"}, "Int": {"shape": "I"}, "Number": {"shape": "D"},
      "Bytes": {"shape": "B"}, "At": {"shape": "When"}, "Texts": {"shape": "Ts"}, "Map": {"shape": "M"}}}}})";

TEST(CborTest, ValuesByAShapeComeBack) {
  const auto model = Model::load(kModel);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ((*model)->protocol, Protocol::kCbor);
  const auto& ref = (*model)->operation("Put")->input;
  const Value value = Value::Map{{"Text", std::string("é")},
                                 {"Int", std::int64_t{-70'000}},
                                 {"Number", 0.25},
                                 {"Bytes", Blob{std::string("\0\xff", 2)}},
                                 {"At", from_epoch_ms(1'700'000'000'123)},
                                 {"Texts", Value::List{std::string("a"), std::string(300, 'b')}},
                                 {"Map", Value::Map{{"k", 1.5}}}};
  const auto back = from_cbor(ref, to_cbor(ref, value));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, value);
  // Clients write whole numbers for floating ones, and nulls.
  const Value loose = Value::Map{{"Number", std::int64_t{2}}, {"Int", 3.0}, {"Text", Value()}, {"Other", true}};
  const auto taken = from_cbor(ref, to_cbor(loose));
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(*taken, Value(Value::Map{{"Number", 2.0}, {"Int", std::int64_t{3}}}));
  for (const auto& wrong : {Value::Map{{"Int", 1.5}}, Value::Map{{"Text", true}}, Value::Map{{"At", 1.0}},
                            Value::Map{{"Int", std::int64_t{1} << 40}}, Value::Map{{"Texts", std::string()}}})
    EXPECT_EQ(from_cbor(ref, to_cbor(Value(wrong))).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace gust::wire
