#include "daemon/event_source_adapters.h"

#include "api/dynamodb/attribute_value.h"
#include "api/dynamodbstreams/record_json.h"
#include "api/dynamodbstreams/service.h"
#include "functions/registry.h"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <map>
#include <mutex>
#include <set>

namespace gust::daemon {

// Which readers wait for which stream. Of many commits one after another the first posts to the loop.
struct TableStreams::Watch : std::enable_shared_from_this<Watch> {
  using Events = std::vector<std::weak_ptr<async::Event>>;

  void changed(async::Executor executor, std::string_view stream) {
    std::string arn;
    {
      std::lock_guard lock(mutex);
      const auto it = arns.find(stream);
      if (it == arns.end() || !posted.insert(it->second).second) return;
      arn = it->second;
    }
    boost::asio::post(executor, [self = shared_from_this(), arn] { self->wake(arn); });
  }
  void wake(const std::string& arn) {
    Events events;
    {
      std::lock_guard lock(mutex);
      posted.erase(arn);
      std::erase_if(readers[arn], [](const auto& reader) { return reader.expired(); });
      events = readers[arn];
    }
    for (const auto& reader : events) {
      if (const auto event = reader.lock()) event->set();
    }
  }
  void learn(const tables::Stream& stream, const std::string& arn) {
    std::lock_guard lock(mutex);
    arns.try_emplace(tables::Sequences::text(stream.name()), arn);
  }

  std::mutex mutex;
  std::map<std::string, std::string, std::less<>> arns;  // by the text that writers name a stream with
  std::set<std::string> posted;
  std::map<std::string, Events> readers;
};

TableStreams::TableStreams(async::Executor executor, tables::StreamCatalog& streams, tables::ItemStore& items)
    : executor_(executor), streams_(streams), items_(items), watch_(std::make_shared<Watch>()) {
  items_.on_records([watch = watch_, executor](std::string_view stream) { watch->changed(executor, stream); });
}

TableStreams::~TableStreams() = default;

async::Task<tables::Stream> TableStreams::find(std::string text) {
  constexpr std::string_view kTable = "table/", kStream = "/stream/";
  const auto arn = Arn::parse(text);
  const auto at = arn ? arn->resource.find(kStream) : std::string::npos;
  if (at == std::string::npos || !arn->resource.starts_with(kTable))
    co_return fail(Code::kNotFound, fmt::format("'{}' is no stream of a table", text), "stream");
  tables::TableName name(arn->resource.substr(kTable.size(), at - kTable.size()));
  tables::Place place{AccountId(arn->account), arn->region, std::move(name)};
  auto label = arn->resource.substr(at + kStream.size());
  GUST_CO_TRY(auto stream, co_await streams_.find(std::move(place), std::move(label)));
  watch_->learn(stream, text);
  co_return stream;
}

async::Task<std::vector<std::string>> TableStreams::shards(AccountId account, std::string stream) {
  const auto arn = Arn::parse(stream);
  if (arn && arn->account != account.str())
    co_return fail(Code::kDenied, fmt::format("'{}' is another account's", stream), "stream");
  GUST_CO_TRY(const auto found, co_await find(stream));
  std::vector<std::string> out{api::shard_id(found)};
  co_return out;
}

async::Task<std::string> TableStreams::newest(std::string stream, std::string) {
  GUST_CO_TRY(const auto found, co_await find(std::move(stream)));
  auto name = found.name();
  GUST_CO_TRY(const auto sequence, co_await items_.newest(std::move(name)));
  co_return tables::sequence_text(sequence);
}

async::Task<event_sources::Source::Piece> TableStreams::read(std::string stream, std::string, std::string after,
                                                             std::size_t limit) {
  GUST_CO_TRY(const auto found, co_await find(std::move(stream)));
  std::uint64_t place = 0;
  if (!after.empty()) {
    GUST_CO_TRY(place, tables::parse_sequence(after));
  }
  auto name = found.name();
  GUST_CO_TRY(const auto got, co_await items_.records(std::move(name), place, limit));
  Piece out;
  for (const auto& record : got.records) {
    std::string key;
    api::append_json(key, record.keys);
    out.records.push_back({tables::sequence_text(record.sequence), std::move(key),
                           api::record_json(found, record, api::Shown::kRecordAndSource), record.at});
  }
  out.next = tables::sequence_text(got.next);
  out.more = !got.records.empty() && got.next == got.records.back().sequence;
  out.ended = !out.more && found.ended_at && got.next >= tables::sequence_at(*found.ended_at + api::kStreamSettles);
  co_return out;
}

std::shared_ptr<async::Event> TableStreams::changes(std::string stream) {
  auto event = std::make_shared<async::Event>(executor_);
  std::lock_guard lock(watch_->mutex);
  watch_->readers[stream].push_back(event);
  return event;
}

async::Task<event_sources::Target::Answer> FunctionBatches::invoke(RequestContext context, std::string function_arn,
                                                                   std::string payload) {
  GUST_CO_TRY(const auto ref, functions::parse_function_name(function_arn, "", context.principal.account));
  functions::Invocation invocation;
  invocation.payload = std::move(payload);
  invocation.arrival = functions::Arrival::kBatch;
  GUST_CO_TRY(auto result, co_await invoker_.invoke(std::move(context), ref, std::move(invocation)));
  co_return Answer{std::move(result.function_error), std::move(result.payload), std::move(result.executed_version)};
}

async::Task<void> BucketFailures::put(RequestContext context, std::string arn, std::string name, std::string record) {
  GUST_CO_TRY(auto parsed, Arn::parse(arn));
  co_return co_await records_.put(std::move(context), std::move(parsed.resource), std::move(name), std::move(record));
}

}  // namespace gust::daemon
