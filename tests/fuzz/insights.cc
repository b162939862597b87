// Any text as an Insights query, run over the messages behind a zero byte, one a line.
#include "fuzz/fuzz.h"
#include "logs/insights/run.h"

#include <algorithm>

namespace insights = gust::logs::insights;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = as_text(data, size);
  const auto zero = std::min(input.find('\0'), input.size());
  auto query = insights::parse_query(input.substr(0, zero));
  if (!query) {
    GUST_ASSERT(query.error().source == "query" && !query.error().message.empty());
    return 0;
  }
  insights::Run run(std::make_shared<const insights::Query>(*std::move(query)), 100);
  auto left = input.substr(std::min(zero + 1, input.size()));
  for (std::uint64_t n = 1; !left.empty(); ++n) {
    const auto line = left.substr(0, left.find('\n'));
    run.take({static_cast<std::int64_t>(n * 1000), 0, n, "s", "", std::string(line)}, "000000000000:g");
    left.remove_prefix(std::min(line.size() + 1, left.size()));
  }
  GUST_ASSERT(run.finish().size() <= 100);
  return 0;
}
