// Which streams there are.
#include "api/dynamodbstreams/service.h"

namespace gust::api {

namespace wanted = dynamodbstreams;

namespace {

constexpr std::string_view kTable = "table/", kStream = "/stream/";

std::vector<wanted::KeySchemaElement> key_schema(const tables::KeySchema& key) {
  std::vector<wanted::KeySchemaElement> out{{key.hash.name, "HASH"}};
  if (key.range) out.push_back({key.range->name, "RANGE"});
  return out;
}

wanted::Shard shard(const tables::Stream& stream) {
  wanted::Shard out;
  out.shard_id = shard_id(stream);
  auto& range = out.sequence_number_range.emplace();
  range.starting_sequence_number = tables::sequence_text(tables::sequence_at(stream.began_at) + 1);
  if (stream.ended_at)
    range.ending_sequence_number = tables::sequence_text(tables::sequence_at(*stream.ended_at + kStreamSettles));
  return out;
}

}  // namespace

Result<StreamPlace> stream_place(const wire::Call& call, std::string_view text) {
  const auto arn = Arn::parse(text);
  const auto resource = arn ? std::string_view(arn->resource) : std::string_view();
  const auto stream = resource.find(kStream);
  if (!arn || arn->service != "dynamodb" || !resource.starts_with(kTable) || stream == std::string_view::npos)
    return bad_request(fmt::format("Invalid StreamArn: {}", text));
  if (arn->account != call.context.principal.account.str()) {
    return fail(Code::kDenied, fmt::format("User: {} is not authorized to perform this operation on resource: {}",
                                           call.context.principal.arn, text));
  }
  if (arn->region != call.context.region)
    return fail(Code::kNotFound, fmt::format("Requested resource not found: Stream: {} not found", text), "stream");
  tables::TableName name(std::string(resource.substr(kTable.size(), stream - kTable.size())));
  return StreamPlace{{AccountId(arn->account), arn->region, std::move(name)},
                     std::string(resource.substr(stream + kStream.size()))};
}

std::string stream_arn(const tables::Table& table) {
  return fmt::format("{}{}{}", table_arn(table), kStream, table.stream_label);
}

std::string shard_id(const tables::Stream& stream) {
  return fmt::format("shardId-{:020}-{}", to_epoch_ms(stream.began_at), stream.table.id.substr(0, 8));
}

std::string_view name_of(tables::StreamView view) {
  using enum tables::StreamView;
  switch (view) {
    case kKeysOnly: return "KEYS_ONLY";
    case kNewImage: return "NEW_IMAGE";
    case kOldImage: return "OLD_IMAGE";
    case kNewAndOldImages: return "NEW_AND_OLD_IMAGES";
  }
  return "";
}

async::Task<tables::Stream> DynamoDbStreamsService::find(const wire::Call& call, std::string_view arn) {
  GUST_CO_TRY(auto place, stream_place(call, arn));
  auto label = std::move(place.label);
  co_return co_await streams_.find(std::move(place.table), std::move(label));
}

TableReply<wanted::ListStreamsOutput> DynamoDbStreamsService::list(wire::Call call, wanted::ListStreamsInput request) {
  const tables::TableName name(request.table_name.value_or(""));
  tables::StreamCatalog::Wanted asked{{call.context.principal.account, call.context.region, name}};
  asked.limit = static_cast<std::size_t>(request.limit.value_or(100));
  if (request.exclusive_start_stream_arn) {
    GUST_CO_TRY(auto after, stream_place(call, *request.exclusive_start_stream_arn));
    asked.after = std::move(after.table);
    asked.label = std::move(after.label);
  }
  GUST_CO_TRY(const auto found, co_await streams_.list(std::move(asked)));
  wanted::ListStreamsOutput out;
  auto& streams = out.streams.emplace();
  for (const auto& stream : found.streams) {
    auto& one = streams.emplace_back();
    one.stream_arn = stream_arn(stream.table);
    one.table_name = stream.table.name.str();
    one.stream_label = stream.table.stream_label;
  }
  if (found.more) out.last_evaluated_stream_arn = streams.back().stream_arn;
  co_return out;
}

TableReply<wanted::DescribeStreamOutput> DynamoDbStreamsService::describe(wire::Call call,
                                                                          wanted::DescribeStreamInput request) {
  GUST_CO_TRY(const auto stream, co_await find(call, request.stream_arn));
  wanted::DescribeStreamOutput out;
  auto& said = out.stream_description.emplace();
  said.stream_arn = stream_arn(stream.table);
  said.stream_label = stream.table.stream_label;
  said.stream_status = stream.ended_at ? "DISABLED" : "ENABLED";
  said.stream_view_type = std::string(name_of(stream.table.stream.value_or(tables::StreamView::kKeysOnly)));
  said.creation_request_date_time = stream.began_at;
  said.table_name = stream.table.name.str();
  said.key_schema = key_schema(stream.table.key);
  auto& shards = said.shards.emplace();
  // A filter asks for the shards that follow one, and none does.
  if (!request.shard_filter && request.exclusive_start_shard_id.value_or("") < shard_id(stream))
    shards.push_back(shard(stream));
  co_return out;
}

}  // namespace gust::api
