#include "functions/kept_events.h"

#include "base/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace gust::functions {
namespace {

constexpr Millis kPause{100};                       // what comes within it goes to the disk together
constexpr std::size_t kChunk = 256 << 10;           // records that lie in one piece
constexpr std::size_t kMaxWaiting = 64 << 20;       // for the disk; past it events are lost
constexpr std::size_t kMaxNews = 10'000;            // that a follower may leave untaken
constexpr std::chrono::hours kLongestRetries{6};    // what MaximumEventAgeInSeconds is at most

using Rows = std::vector<KeptEvents::Row>;

// An event in a segment's bytes: chosen first, read afterwards.
struct Choice {
  std::string_view rest, id;  // `rest`: from its record on
};

bool is_asked_for(const KeptEvents::Query& query, const RecordView& record, const EventHead& head) {
  if (head.account != query.account.str() || head.at_ms < to_epoch_ms(query.since)) return false;
  if (query.function.empty()) return true;
  if (head.name != query.function) return false;
  if (query.qualifier.empty()) return true;
  const auto event = read_event(record);
  return event && event->function.qualifier == query.qualifier;
}

// The last `limit` events of a segment that `query` asks for and that are not among `known`, newest first. Of a retried
// one the last attempt.
Rows choose(std::string_view segment, const KeptEvents::Query& query, const std::unordered_set<std::string>& known,
            std::size_t limit) {
  std::list<Choice> chosen;
  std::unordered_map<std::string_view, std::list<Choice>::iterator> places;
  RecordView record;
  for (auto at = segment; next_record(segment, record); at = segment) {
    EventHead head;
    if (!read_head(record, head) || !is_asked_for(query, record, head) || known.contains(std::string(head.id)))
      continue;
    const auto [place, fresh] = places.try_emplace(head.id);
    if (!fresh) chosen.erase(place->second);
    place->second = chosen.insert(chosen.end(), {at, head.id});
    if (chosen.size() > limit) {
      places.erase(chosen.front().id);
      chosen.pop_front();
    }
  }
  Rows out;
  for (auto it = chosen.rbegin(); it != chosen.rend(); ++it) {
    auto rest = it->rest;
    if (!next_record(rest, record)) continue;
    auto event = read_event(record);
    if (!event) continue;
    event->payload.clear();
    out.push_back({*std::move(event), std::nullopt});
  }
  return out;
}

// A later outcome tells more, and may lack what an earlier one knew.
void merge(std::optional<KeptOutcome>& into, KeptOutcome later) {
  if (into) {
    if (later.duration_us == 0) later.duration_us = into->duration_us;
    if (later.version.empty()) later.version = into->version;
    if (later.error.empty() && later.fate != Fate::kAnswered) later.error = into->error;
  }
  into = std::move(later);
}

// Of those that may have had some: an event is tried again for kLongestRetries.
void count_attempts(const std::string& folder, Rows& rows) {
  std::unordered_map<std::string_view, KeptEvents::Row*> wanted;
  WallTime oldest = WallTime::max();
  for (auto& row : rows) {
    if (row.event.arrival == Arrival::kRequest || row.event.arrival == Arrival::kStream) continue;
    wanted[row.event.id] = &row;
    row.attempts = 0;
    oldest = std::min(oldest, row.event.at);
  }
  if (wanted.empty()) return;
  read_segments(folder, oldest - kLongestRetries, [&](std::string_view bytes) {
    RecordView record;
    EventHead head;
    while (next_record(bytes, record)) {
      if (!read_head(record, head)) continue;
      if (const auto found = wanted.find(head.id); found != wanted.end()) ++found->second->attempts;
    }
    return true;
  });
}

void find_outcomes(const std::string& folder, Rows& rows) {
  if (rows.empty()) return;
  std::unordered_map<std::string_view, KeptEvents::Row*> wanted;
  WallTime oldest = rows.front().event.at;
  for (auto& row : rows) {
    wanted[row.event.id] = &row;
    oldest = std::min(oldest, row.event.at);
  }
  // The newest segment comes first, so an outcome from an older one must not replace what is known.
  read_segments(folder, oldest, [&](std::string_view bytes) {
    std::unordered_map<std::string_view, std::optional<KeptOutcome>> here;
    RecordView record;
    while (next_record(bytes, record)) {
      if (record.kind != RecordView::Kind::kOutcome) continue;
      auto outcome = read_outcome(record);
      if (!outcome) continue;
      const auto found = wanted.find(outcome->id);
      if (found != wanted.end()) merge(here[found->first], *std::move(outcome));
    }
    for (auto& [id, outcome] : here) {
      auto& known = wanted[id]->outcome;
      if (known) merge(outcome, *std::move(known));
      known = std::move(outcome);
    }
    return true;
  });
}

Rows list_in(const std::string& folder, const KeptEvents::Query& query) {
  Rows rows;
  std::unordered_set<std::string> known;
  read_segments(folder, query.since, [&](std::string_view bytes) {
    for (auto& row : choose(bytes, query, known, query.limit - rows.size())) {
      known.insert(row.event.id);
      rows.push_back(std::move(row));
    }
    return rows.size() < query.limit;
  });
  count_attempts(folder, rows);
  find_outcomes(folder, rows);
  return rows;
}

// The last of this id, from the newest segment that has one.
Result<KeptEvent> find_in(const std::string& folder, const AccountId& account, const std::string& id) {
  Result<KeptEvent> out = fail(
      Code::kNotFound,
      fmt::format("there is no kept event '{}'; gust events ls lists those that are, and older ones are let go of", id),
      "event");
  read_segments(folder, {}, [&](std::string_view bytes) {
    RecordView record, last;
    bool found = false;
    while (next_record(bytes, record)) {
      EventHead head;
      if (!read_head(record, head) || head.id != id || head.account != account.str()) continue;
      last = record;
      found = true;
    }
    if (found) out = read_event(last);
    return !found;
  });
  return out;
}

}  // namespace

KeptEvents::KeptEvents(async::Executor executor, env::Clock& clock, std::string folder, EventBounds bounds)
    : executor_(executor),
      clock_(clock),
      folder_(std::move(folder)),
      bounds_(bounds),
      opened_at_(clock.now()),
      pause_(executor),
      segments_(std::make_shared<EventSegments>(folder_, bounds)),
      reader_("events read", 1, 100),
      writer_("events", 1, 10'000) {}

KeptEvents::~KeptEvents() { write_out(); }

void KeptEvents::accepted(KeptEvent event, std::string_view payload) {
  if (!keeps()) return;
  event.bytes = payload.size();
  remember(event, payload.size() <= kMaxPayload ? payload : std::string_view());
  if (!followers_.empty()) tell({event.function.key, std::move(event), std::nullopt});
}

void KeptEvents::ended(const FunctionKey& function, KeptOutcome outcome) {
  if (!keeps()) return;
  remember(outcome, {});
  if (!followers_.empty()) tell({function, std::nullopt, std::move(outcome)});
}

template <typename Record>
void KeptEvents::remember(const Record& record, std::string_view payload) {
  if (waiting_->load(std::memory_order_relaxed) >= kMaxWaiting) {
    ++*lost_;
    return;
  }
  if (chunks_.empty() || chunks_.back().size() + payload.size() > kChunk) {
    chunks_.emplace_back();
    chunks_.back().reserve(payload.size() + (payload.size() > kChunk / 2 ? 1024 : kChunk));
  }
  auto& chunk = chunks_.back();
  const auto before = chunk.size();
  if constexpr (std::is_same_v<Record, KeptEvent>)
    append_record(chunk, record, payload);
  else
    append_record(chunk, record);
  waiting_->fetch_add(chunk.size() - before, std::memory_order_relaxed);
  write_soon();
}

void KeptEvents::tell(News news) {
  std::erase_if(followers_, [](const auto& follower) { return follower.expired(); });
  for (const auto& weak : followers_) {
    const auto follower = weak.lock();
    if (follower->news.size() >= kMaxNews) {
      follower->news.pop_front();
      ++follower->missed;
    }
    follower->news.push_back(news);
    follower->came.pulse();
  }
}

std::shared_ptr<KeptEvents::Follower> KeptEvents::follow() {
  auto out = std::make_shared<Follower>(executor_);
  followers_.push_back(out);
  return out;
}

void KeptEvents::write_soon() {
  if (std::exchange(scheduled_, true)) return;
  pause_.expires_after(kPause);
  pause_.async_wait([this, alive = std::weak_ptr(waiting_)](boost::system::error_code error) {
    if (!error && alive.lock()) write_out();
  });
}

void KeptEvents::write_out() {
  scheduled_ = false;
  if (chunks_.empty()) return;
  std::size_t size = 0;
  for (const auto& chunk : chunks_) size += chunk.size();
  auto job = [chunks = std::exchange(chunks_, {}), segments = segments_, waiting = waiting_, lost = lost_,
              now = clock_.now(), size]() mutable {
    for (auto& chunk : chunks) seal_records(chunk);
    if (const auto kept = segments->append(chunks, now); !kept) {
      if (++*lost == 1) GUST_WARN("events: some are not kept for replay: {}", kept.error().message);
    }
    *waiting -= size;
  };
  if (!writer_.submit(std::move(job))) *waiting_ -= size;
}

async::Task<void> KeptEvents::flush() {
  write_out();
  auto job = []() -> Result<void> { return {}; };
  co_return co_await writer_.run(std::move(job));
}

async::Task<KeptEvent> KeptEvents::find(AccountId account, std::string id) {
  GUST_CO_CHECK(co_await flush());
  auto job = [folder = folder_, account, id] { return find_in(folder, account, id); };
  co_return co_await reader_.run(std::move(job));
}

async::Task<std::vector<KeptEvents::Row>> KeptEvents::list(Query query) {
  GUST_CO_CHECK(co_await flush());
  auto job = [folder = folder_, query = std::move(query), opened = opened_at_]() -> Result<Rows> {
    auto rows = list_in(folder, query);
    for (auto& row : rows) row.cut_off = !row.outcome && row.event.at < opened;
    return rows;
  };
  co_return co_await reader_.run(std::move(job));
}

async::Task<KeptEvents::Row> KeptEvents::look(AccountId account, std::string id) {
  GUST_CO_CHECK(co_await flush());
  auto job = [folder = folder_, account, id, opened = opened_at_]() -> Result<Row> {
    GUST_TRY(auto event, find_in(folder, account, id));
    Rows rows(1);
    rows[0].event = std::move(event);
    count_attempts(folder, rows);
    find_outcomes(folder, rows);
    rows[0].cut_off = !rows[0].outcome && rows[0].event.at < opened;
    return std::move(rows[0]);
  };
  co_return co_await reader_.run(std::move(job));
}

}  // namespace gust::functions
