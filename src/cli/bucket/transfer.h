// Transfer: runs what a cp or a sync has to do, small things side by side, large ones by several connections each, and
// tells of each as it ends. One thread; its lanes are its own.
#pragma once

#include "cli/bucket/lanes.h"
#include "cli/bucket/place.h"
#include "cli/bucket/progress.h"
#include "cli/bucket/upload.h"
#include "cli/session.h"

#include <boost/json/array.hpp>

#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace gust::cli {

struct Item {
  Place from, to;
  std::uint64_t size = 0;
};

enum class Verbosity { kEach, kQuiet };
enum class Deed { kDo, kOnlyTell };

// What is told of a transfer's things: a line each, or with --json one value at the end. Any thread.
class Report {
 public:
  Report(Session& session, Progress& progress, Verbosity verbosity, Deed deed)
      : session_(session), progress_(progress), verbosity_(verbosity), deed_(deed) {}

  void done(const Item& item);
  void removed(const Place& place);
  void failed(const std::string& what, const Error& error);
  // The exit code, after the value of --json.
  int end();
  bool good();
  Deed deed() const { return deed_; }

 private:
  void tell(std::string_view action, const std::string& line, boost::json::object value);

  std::mutex mutex_;
  Session& session_;
  Progress& progress_;
  Verbosity verbosity_;
  Deed deed_;
  boost::json::array done_, failed_;
  int code_ = 0;
};

class Transfer {
 public:
  Transfer(Lanes& lanes, Progress& progress, Report& report, TransferSettings settings)
      : lanes_(lanes), progress_(progress), report_(report), settings_(std::move(settings)) {}

  // One that fails is told and the others go on; an error ends all: the user's interrupt, or no daemon.
  Result<void> run(const std::vector<Item>& items);
  // Objects by the thousand, files one by one.
  Result<void> remove(const std::vector<Place>& places);

 private:
  Result<void> move(Remote& remote, const Item& item);
  Result<void> told(const Item& item, Result<void> moved);
  Result<void> remove_objects(const std::vector<Place>& places);

  Lanes& lanes_;
  Progress& progress_;
  Report& report_;
  TransferSettings settings_;
};

}  // namespace gust::cli
