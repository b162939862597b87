// Any text as a template: read, evaluated, never a crash.
#include "cli/template/evaluate.h"
#include "fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto root = gust::cli::parse_template(as_text(data, size), "t.yaml");
  if (!root) return 0;
  gust::cli::Surroundings around;
  around.stack = "fuzz";
  (void)gust::cli::evaluate(*root, "t.yaml", around);
  return 0;
}
