// SimLauncher: sandboxes that are only pretended, for tests of what sits above. No process runs; a test says when one
// ends, and how. The listeners are real sockets on the loopback's free ports, so a fake function can be served through
// them. Loop thread only.
#pragma once

#include "async/event.h"
#include "sandbox/fd.h"
#include "sandbox/sandbox.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::sandbox {

// One pretended sandbox, as the test sees it. Shared with the Sandbox that start() answered.
class SimProcess {
 public:
  SimProcess(async::Executor executor, Spec spec);

  const Spec& spec() const { return spec_; }
  // The real port of 127.0.0.1 behind Spec::listen_ports[i].
  std::uint16_t port(std::size_t i) const { return ports_.at(i); }
  // As if the function printed it.
  void print(std::string_view text);
  // What it was specialised to, once it was.
  const std::optional<Specialisation>& specialisation() const { return specialisation_; }
  // The next specialise() of it answers `error`.
  void refuse_specialisation(Error error) { refusal_ = std::move(error); }
  // As if its first process ended; later calls do nothing.
  void end(Exit exit, Usage usage = {});
  // What it has used until now, as the kernel would say.
  void use(Usage usage) { usage_ = usage; }
  bool frozen() const { return frozen_; }
  bool ended() const { return ended_.is_set(); }
  // As a process that a kill does not reach for a while: it lives until end().
  void ignore_kills() { ignores_kills_ = true; }

 private:
  friend class SimSandbox;
  friend class SimLauncher;
  Result<void> open();

  Spec spec_;
  async::Event ended_;
  bool ignores_kills_ = false;
  bool frozen_ = false;
  std::optional<Specialisation> specialisation_;
  std::optional<Error> refusal_;
  Exit exit_;
  Usage usage_;
  std::vector<Fd> listeners_;
  std::vector<std::uint16_t> ports_;
  Fd output_read_, output_write_;
};

class SimLauncher final : public Launcher {
 public:
  using OnStart = std::function<void(std::shared_ptr<SimProcess>)>;

  // `on_start` gets each new process, before start() returns.
  SimLauncher(async::Executor executor, OnStart on_start) : executor_(executor), on_start_(std::move(on_start)) {}

  async::Task<std::unique_ptr<Sandbox>> start(Spec spec) override;
  // The next start answers `error`.
  void refuse_next(Error error) { refusal_ = std::move(error); }

 private:
  async::Executor executor_;
  OnStart on_start_;
  std::optional<Error> refusal_;
  std::map<std::string, std::weak_ptr<SimProcess>> running_;
};

}  // namespace gust::sandbox
