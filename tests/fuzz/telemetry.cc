// Any bytes as a request to subscribe to telemetry: refused with a reason, or kept with what may be.
#include "functions/telemetry.h"
#include "fuzz/fuzz.h"

#include "async/testing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gust;
  boost::asio::io_context loop;
  env::SystemClock clock;
  functions::Telemetry telemetry(loop.get_executor(), clock);
  telemetry.open();
  const auto made = telemetry.subscribe("x", {reinterpret_cast<const char*>(data), size});
  if (!made) {
    GUST_ASSERT(made.error().code == Code::kInvalid && !made.error().message.empty());
    return 0;
  }
  telemetry.line(functions::Telemetry::Source::kFunction, "1");
  telemetry.end();
  const auto batch = async::testing::run(loop, [&] { return telemetry.next(); });
  GUST_ASSERT(!batch || (batch->port != 0 && batch->port != 9001 && batch->path.starts_with("/")));
  return 0;
}
