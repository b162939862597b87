// Any bytes as a row of the catalog of tables: a table, work that is left to do, a stream; an error where it is none,
// and the same again where it is one. And as the number of a record.
#include "fuzz/fuzz.h"
#include "tables/table_rows.h"

namespace {

using namespace gust;

template <typename Decoded>
void again(const Decoded& decoded, auto decode) {
  if (!decoded) {
    GUST_ASSERT(decoded.error().code == Code::kCorrupt && !decoded.error().message.empty());
    return;
  }
  const auto row = tables::table_rows::encode(*decoded);
  const auto back = decode(row);
  GUST_ASSERT(back && tables::table_rows::encode(*back) == row);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text(data, size);
  again(tables::table_rows::decode_table(text), tables::table_rows::decode_table);
  again(tables::table_rows::decode_work(text), tables::table_rows::decode_work);
  again(tables::table_rows::decode_stream(text), tables::table_rows::decode_stream);
  if (const auto sequence = tables::parse_sequence(text)) GUST_ASSERT(tables::sequence_text(*sequence) == text);
  return 0;
}
