// Extensions: what runs in an instance beside the function's runtime and hears of its invocations: the Extensions API
// (2020-01-01), and what runtimes/extensions/supervisor asks and tells (docs/formats/extensions.md). Of one instance.
// Loop thread only.
#pragma once

#include "async/event.h"
#include "functions/function.h"
#include "functions/telemetry.h"
#include "http/message.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gust::functions {

// What starts them, inside.
inline constexpr std::string_view kSupervisorFolder = "/var/extensions", kSupervisor = "/var/extensions/supervisor";

// Whether layers that are unpacked there bring any.
bool has_extensions(const std::string& layers_folder);

class Extensions {
 public:
  // Of what makes the whole instance fail: the type as the service names it ("Extension.Crash").
  struct Failure {
    std::string type, message;
  };
  struct Parts {
    async::Executor executor;
    Telemetry& telemetry;
    const Function& function;
    std::string instance_id;
    std::string_view initialization_type;
    std::function<void(std::string)> log;  // a line of the function's log
    std::function<void(const boost::json::object&)> log_state;  // the same of one's name, state and, maybe, events
    std::function<void()> on_failure;      // the first only
  };
  explicit Extensions(Parts parts);

  // Answers what is for extensions; false: it is another's.
  async::Task<bool> answer(http::Request& request, http::Response& response);

  bool any() const { return !all_.empty(); }
  // There are processes of extensions, which are to be told when it ends.
  bool external() const { return !expected_.empty(); }
  // All that are to register have, and each has asked for its next event.
  bool resting() const;
  // Until they are. kTimeout past `deadline`; kUnavailable when the instance is over.
  async::Task<void> rest(SteadyTime deadline = SteadyTime::max());
  // Nobody registers any more: the init is over.
  void close_registration();
  // Tells those who want it; they rest no more.
  void invoke(const std::string& event);
  // Once. The runtime is ended first, then they are told; `reason` as in the event: spindown, timeout, failure.
  void shut_down(std::string_view reason, std::int64_t deadline_ms);
  const std::optional<Failure>& failure() const { return failure_; }
  // The instance has ended: nobody waits any more.
  void end();

 private:
  struct Extension {
    Extension(async::Executor executor, std::string given_name) : name(std::move(given_name)), given(executor) {}
    std::string name, id;
    bool external = false, wants_invoke = false, wants_shutdown = false;
    enum class State { kStarting, kWaiting, kWorking, kOver } state = State::kStarting;
    async::Event given;  // an event waits for it
    std::optional<std::string> event;
  };

  async::Task<void> answer_extension(std::string_view path, http::Request& request, http::Response& response);
  async::Task<void> answer_supervisor(std::string_view path, http::Request& request, http::Response& response);
  async::Task<void> register_one(http::Request& request, http::Response& response);
  async::Task<void> next_event(Extension& extension, http::Response& response);
  async::Task<void> take_error(Extension& extension, std::string type, http::Request& request,
                               http::Response& response);
  async::Task<void> subscribe(Extension& extension, http::Request& request, http::Response& response);
  async::Task<void> give_telemetry(http::Response& response);
  Extension* find(const http::Request& request, http::Response& response);
  bool all_registered() const;
  void give(Extension& extension, std::string event);
  void fail_with(Failure failure);
  void take_output(std::string_view piece);

  Parts parts_;
  std::vector<std::unique_ptr<Extension>> all_;
  std::vector<std::string> expected_;  // executables that the supervisor started
  bool told_expected_ = false, registration_open_ = true, over_ = false;
  async::Event changed_;
  async::Event terminate_;  // the runtime is to be ended
  std::string reason_;      // of the shutdown
  std::int64_t deadline_ms_ = 0;
  std::optional<Failure> failure_;
  std::string partial_line_;
};

}  // namespace gust::functions
