#include "cli/bucket/transfer.h"

#include "cli/bucket/client.h"
#include "cli/bucket/copy.h"
#include "cli/bucket/download.h"
#include "cli/cli.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace gust::cli {
namespace {

constexpr std::size_t kBatch = 1000;  // keys that one request may remove

bool is_upload(const Item& item) { return item.from.kind != PlaceKind::kObject; }
bool is_copy(const Item& item) { return item.from.kind == PlaceKind::kObject && item.to.kind == PlaceKind::kObject; }

std::string_view action_of(const Item& item) {
  if (is_upload(item)) return "upload";
  return is_copy(item) ? "copy" : "download";
}

}  // namespace

void Report::tell(std::string_view action, const std::string& line, boost::json::object value) {
  if (session_.output == Output::kJson) {
    const std::lock_guard lock(mutex_);
    value["action"] = action;
    done_.push_back(std::move(value));
  } else if (verbosity_ == Verbosity::kEach || deed_ == Deed::kOnlyTell) {
    progress_.line(fmt::format("{}{}: {}", deed_ == Deed::kOnlyTell ? "(dry run) " : "", action, line));
  }
}

void Report::done(const Item& item) {
  const auto from = item.from.str(), to = item.to.str();
  tell(action_of(item), fmt::format("{} to {}", from, to), {{"from", from}, {"to", to}, {"bytes", item.size}});
}

void Report::removed(const Place& place) { tell("remove", place.str(), {{"what", place.str()}}); }

void Report::failed(const std::string& what, const Error& error) {
  progress_.error(what.empty() ? error.message : fmt::format("{}: {}", what, error.message));
  const std::lock_guard lock(mutex_);
  failed_.push_back(boost::json::object{{"what", what}, {"error", error.message}});
  if (code_ == kOk) code_ = error.source == "daemon" ? kUnreachable : error.source == "usage" ? kUsage : kFailed;
}

bool Report::good() {
  const std::lock_guard lock(mutex_);
  return code_ == kOk;
}

int Report::end() {
  progress_.finish();
  if (session_.output == Output::kJson) {
    session_.json(boost::json::object{
        {"done", done_}, {"failed", failed_}, {"dry_run", deed_ == Deed::kOnlyTell}});
  }
  return code_;
}

Result<void> Transfer::run(const std::vector<Item>& items) {
  if (report_.deed() == Deed::kOnlyTell) {
    for (const auto& item : items) report_.done(item);
    return {};
  }
  std::uint64_t bytes = 0;
  std::vector<const Item*> small, large;
  for (const auto& item : items) {
    bytes += item.size;
    const bool parts = is_upload(item) ? is_large(item.size, settings_)
                                       : is_copy(item) && is_large_copy(item.size, settings_);
    (parts ? large : small).push_back(&item);
  }
  progress_.expect(bytes);
  GUST_CHECK(lanes_.run(small.size(), [&](Remote& remote, std::size_t i) {
    return told(*small[i], move(remote, *small[i]));
  }));
  for (const auto* item : large) {
    GUST_CHECK(told(*item, is_copy(*item) ? copy_large(lanes_, progress_, item->from, item->to, settings_)
                                          : upload_large(lanes_, progress_, item->from.path, item->to, settings_)));
  }
  return {};
}

Result<void> Transfer::move(Remote& remote, const Item& item) {
  if (is_upload(item)) return upload_small(remote, progress_, item.from.path, item.to, settings_);
  if (is_copy(item)) return copy_small(remote, progress_, item.from, item.to, settings_);
  return download_file(remote, progress_, item.from, item.to.path);
}

Result<void> Transfer::told(const Item& item, Result<void> moved) {
  if (moved) {
    report_.done(item);
    return {};
  }
  const bool fatal = is_interrupt(moved.error()) || moved.error().source == "daemon";
  if (fatal) return moved;
  report_.failed(fmt::format("{} of {} to {}", action_of(item), item.from.str(), item.to.str()), moved.error());
  return {};
}

Result<void> Transfer::remove(const std::vector<Place>& places) {
  std::vector<Place> objects;
  for (const auto& place : places) {
    if (place.kind == PlaceKind::kObject) {
      objects.push_back(place);
    } else if (report_.deed() == Deed::kDo && ::unlink(place.path.c_str()) != 0 && errno != ENOENT) {
      report_.failed("", fail_errno("remove " + place.path, errno).error());
    } else {
      report_.removed(place);
    }
    if (Interrupt::wanted()) return interrupted();
  }
  return remove_objects(objects);
}

Result<void> Transfer::remove_objects(const std::vector<Place>& places) {
  BucketClient client(lanes_.first());
  for (std::size_t first = 0; first < places.size(); first += kBatch) {
    if (Interrupt::wanted()) return interrupted();
    const auto last = std::min(first + kBatch, places.size());
    std::vector<std::string> keys;
    for (auto i = first; i < last; ++i) keys.push_back(places[i].key);
    std::vector<std::pair<std::string, std::string>> refused;
    if (report_.deed() == Deed::kDo) {
      GUST_TRY(refused, persistently([&] { return client.remove_all(places[first].bucket, keys); }));
    }
    for (auto i = first; i < last; ++i) {
      const auto why = std::ranges::find(refused, places[i].key, &std::pair<std::string, std::string>::first);
      if (why == refused.end()) {
        report_.removed(places[i]);
      } else {
        report_.failed("remove " + places[i].str(), {Code::kInternal, why->second, "object"});
      }
    }
  }
  return {};
}

}  // namespace gust::cli
