// Items as JSON: what is read is written as JSON that reads the same.
#include "api/dynamodb/attribute_value.h"
#include "base/assert.h"
#include "codec/json.h"
#include "fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gust;
  const auto parsed = codec::parse_json(as_text(data, size), 256);
  if (!parsed) return 0;
  const auto item = api::item_from(*parsed);
  if (!item) return 0;
  std::string text;
  api::append_json(text, *item);
  const auto again = codec::parse_json(text, 256);
  GUST_ASSERT(again);
  const auto same = api::item_from(*again);
  GUST_ASSERT(same && *same == *item);
  return 0;
}
