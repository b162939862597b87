// Any bytes as an object that is imported, whole and piece by piece: the same items and the same refusals.
#include "fuzz/fuzz.h"
#include "tables/transfers/import_reader.h"

#include <algorithm>
#include <vector>

namespace {

using namespace gust;
using namespace gust::tables;

// What was read, and whether all of it could be.
std::vector<std::string> read(const ImportFormat& format, std::string_view bytes, std::size_t piece) {
  Table table;
  table.key = {{"id", Type::kString}, KeyAttribute{"n", Type::kNumber}};
  const ImportReader::LineReading line = [](std::string_view text) -> Result<Item> {
    return Item{{"id", Value{std::string(text)}}};
  };
  ImportReader reader(format, table, line);
  std::vector<ImportReader::Record> records;
  Result<void> done;
  for (std::size_t at = 0; done && at < bytes.size(); at += piece)
    done = reader.add(bytes.substr(at, piece), records);
  if (done) done = reader.finish(records);
  std::vector<std::string> out;
  for (const auto& record : records) {
    GUST_ASSERT(record.index == out.size());
    out.push_back(record.item ? std::to_string(size_of(*record.item)) : record.item.error().message);
  }
  // Of gzip that is damaged it depends on the pieces how much is read before.
  if (!done && format.gzip) out.clear();
  out.push_back(done ? "whole" : "broken");
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  ImportFormat format;
  format.kind = (data[0] & 1) != 0 ? ImportFormat::Kind::kCsv : ImportFormat::Kind::kJson;
  format.gzip = (data[0] & 2) != 0;
  if ((data[0] & 4) != 0) format.header = {"id", "n"};
  if ((data[0] & 8) != 0) format.delimiter = '\t';
  const auto bytes = as_text(data + 1, size - 1);
  const auto whole = read(format, bytes, bytes.size() + 1);
  GUST_ASSERT(read(format, bytes, 1 + data[0] / 16) == whole);
  return 0;
}
