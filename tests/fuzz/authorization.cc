// Any text as an Authorization header and as a presigned query; what is taken can be canonicalised.
#include "auth/authorization.h"
#include "auth/sigv2.h"
#include "fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gust;
  const std::string text(as_text(data, size));
  http::Request header, query;
  header.headers.add("Authorization", text);
  header.headers.add("X-Amz-Date", "20261123T120000Z");
  query.query = text;
  query.path = text;
  for (const auto* request : {&header, &query}) {
    (void)auth::scope_of(*request);
    const auto parsed = auth::parse_authorization(*request);
    if (parsed && *parsed) {
      GUST_ASSERT((*parsed)->signature.size() == 64);
      (void)auth::canonical_request(*request, (*parsed)->signed_headers, "hash",
                                    auth::path_style((*parsed)->scope.service));
    }
    const auto old = auth::parse_query_v2(*request);
    if (old && *old) (void)auth::signatures_v2(*request, **old, "secret");
  }
  return 0;
}
