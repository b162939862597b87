// Any bytes as a row of the store: an error where it is none, and the same row again where it is one.
#include "event_sources/rows.h"
#include "events/notification.h"
#include "functions/registry_rows.h"
#include "fuzz/fuzz.h"
#include "gateway/rows.h"
#include "objects/rows.h"
#include "queue/rows.h"

namespace {

using namespace gust;

template <typename Decoded>
void again(const Decoded& decoded, auto encode, auto decode) {
  if (!decoded) {
    GUST_ASSERT(!decoded.error().message.empty());
    return;
  }
  const auto row = encode(*decoded);
  const auto back = decode(row);
  GUST_ASSERT(back && encode(*back) == row);
}

template <typename Record>
void gateway_row(std::string_view row) {
  Record record;
  (void)gateway::from_row(row, record);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto row = as_text(data, size);
  const auto encode = [](const auto& value) { return objects::rows::encode(value); };
  again(objects::rows::decode_bucket(row), encode, objects::rows::decode_bucket);
  again(objects::rows::decode_object(row), encode, objects::rows::decode_object);
  again(objects::rows::decode_upload(row), encode, objects::rows::decode_upload);
  again(objects::rows::decode_part(row), encode, objects::rows::decode_part);
  const auto encode_source = [](const auto& value) { return event_sources::rows::encode(value); };
  again(event_sources::rows::decode_mapping(row), encode_source, event_sources::rows::decode_mapping);
  again(event_sources::rows::decode_checkpoint(row), encode_source, event_sources::rows::decode_checkpoint);
  (void)queue::decode_message(row);
  (void)queue::decode_dead(row);
  (void)functions::rows::decode_function(row);
  (void)functions::rows::decode_statement(row);
  (void)functions::rows::decode_event_invoke(row);
  gateway_row<gateway::ApiRecord>(row);
  gateway_row<gateway::RouteRecord>(row);
  gateway_row<gateway::IntegrationRecord>(row);
  gateway_row<gateway::StageRecord>(row);
  gateway_row<gateway::DeploymentRecord>(row);
  if (const auto record = events::decode(row)) {
    if (const auto matches = events::match(*record)) {
      for (const auto& match : *matches) (void)events::to_message(*record, match);
    }
  }
  return 0;
}
