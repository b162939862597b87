// Telemetry: what happens in one instance (its lines, its invocations), in batches for the extensions that subscribed
// (Telemetry API, 2022-07-01). Loop thread only.
#pragma once

#include "async/event.h"
#include "env/clock.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace gust::functions {

class Telemetry {
 public:
  Telemetry(async::Executor executor, env::Clock& clock) : clock_(clock), changed_(executor) {}

  // Until then nothing is kept: there is nobody to tell.
  void open() { open_ = true; }
  // A request to subscribe. kInvalid with everything that is wrong with it. A second one replaces the first.
  Result<void> subscribe(const std::string& extension, std::string_view request);
  // Subscriptions come until the end of the init; what happens until then is kept for them.
  void close_subscription();

  // As the service names them: "platform.start" and so on.
  void event(std::string_view type, boost::json::object record);
  enum class Source { kFunction, kExtension };
  void line(Source source, std::string_view text);

  struct Batch {
    std::uint16_t port = 0;  // inside
    std::string path;
    std::string body;  // a JSON array
  };
  // The next that is full, or old enough. kCancelled after end(), when nothing is left.
  async::Task<Batch> next();
  // Everything is given out at once from now on, and no more comes.
  void end();

 private:
  struct Entry {
    std::string_view kind;  // platform, function or extension
    std::string text;
  };
  struct Subscription {
    std::string extension;
    std::vector<std::string> kinds;
    std::uint16_t port = 0;
    std::string path;
    std::size_t max_items = 1000, max_bytes = 262'144;
    Millis timeout{1000};
    std::deque<std::string> events;
    std::size_t bytes = 0;
    SteadyTime first_at{};
    std::uint64_t dropped = 0, dropped_bytes = 0;
  };

  bool wanted() const { return !ended_ && (open_ || !subscriptions_.empty()); }
  void add(Entry entry);
  void give(Subscription& to, const Entry& entry);
  std::string entry_text(std::string_view type, boost::json::value record) const;
  bool is_due(const Subscription& each, SteadyTime now) const;
  static Batch take(Subscription& from);

  env::Clock& clock_;
  async::Event changed_;
  std::vector<Subscription> subscriptions_;
  std::deque<Entry> backlog_;
  bool open_ = false, ended_ = false;
};

}  // namespace gust::functions
