// Any bytes as a log event with embedded metrics; what is read of it can be kept and read again.
#include "fuzz/fuzz.h"
#include "metrics/embedded.h"
#include "metrics/limits.h"
#include "metrics/math.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gust::metrics;
  const auto text = as_text(data, size);
  const auto now = gust::from_epoch_ms(1'700'000'000'000);
  if (const auto samples = read_embedded(gust::AccountId("1"), text, now)) {
    for (const auto& sample : *samples) {
      GUST_ASSERT(is_time(sample.at, now) && sample.summary.count > 0);
      GUST_ASSERT(decode_summary(encode(sample.summary)));
    }
  }
  if (const auto summary = decode_summary(text)) GUST_ASSERT(decode_summary(encode(*summary)));
  const ValueSeries series{{{0, 1}, {60, 2}}, 0, 240, 60};
  (void)compute(text, [&](const std::string&) -> gust::Result<MathValue> { return MathValue(series); });
  return 0;
}
