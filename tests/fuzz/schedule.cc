// Any bytes as a schedule, with a time zone after the first line's end; and as the rows and keys of scaling.
#include "fuzz/fuzz.h"
#include "scaling/rows.h"
#include "scaling/schedule.h"

#include <string>

namespace scaling = gust::scaling;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text(data, size);
  const auto end = text.find('\n');
  const std::string zone(end == std::string_view::npos ? "" : text.substr(end + 1));
  const auto from = gust::from_epoch_ms(1'774'000'000'000);
  if (const auto schedule = scaling::Schedule::parse(text.substr(0, end), zone, {})) {
    auto after = from;
    for (int i = 0; i < 5; ++i) {
      const auto due = schedule->next(after);
      if (!due) break;
      GUST_ASSERT(*due > after);
      GUST_ASSERT(schedule->next(*due - gust::Millis(1)) == due);
      after = *due;
    }
  }
  (void)scaling::rows::decode_due_key(text);
  if (const auto row = scaling::rows::decode<scaling::Target>(text))
    GUST_ASSERT(scaling::rows::decode<scaling::Target>(scaling::rows::encode(*row)));
  if (const auto row = scaling::rows::decode<scaling::ScheduledAction>(text))
    GUST_ASSERT(scaling::rows::decode<scaling::ScheduledAction>(scaling::rows::encode(*row)));
  if (const auto row = scaling::rows::decode<scaling::Policy>(text))
    GUST_ASSERT(scaling::rows::decode<scaling::Policy>(scaling::rows::encode(*row)));
  if (const auto row = scaling::rows::decode<scaling::Activity>(text))
    GUST_ASSERT(scaling::rows::decode<scaling::Activity>(scaling::rows::encode(*row)));
  return 0;
}
