#include "functions/runtime_image.h"

#include "base/log.h"
#include "functions/body.h"
#include "functions/image_receiver.h"
#include "functions/snapshot_files.h"

#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <filesystem>

namespace gust::functions {

namespace asio = boost::asio;

namespace {

constexpr std::uint64_t kMaxBytes = 256ULL << 20;
constexpr std::size_t kMaxFailures = 3;
constexpr Millis kServerTimeout{1000};

}  // namespace

struct RuntimeImage::Taking {
  Body body;
  std::uint64_t bytes = 0;  // 0: there is none
  std::string refused = "its program ended before it wrote one";
};

RuntimeImage::RuntimeImage(async::Executor executor, sandbox::Launcher& launcher, const InvokerSettings& settings,
                           std::string folder)
    : executor_(executor),
      launcher_(launcher),
      settings_(settings),
      folder_(std::move(folder)),
      disk_("runtime image", 1) {}

bool RuntimeImage::wanted() const {
  return !ready_ && !stopping_ && !taking_ && failures_ < kMaxFailures && has_snapshot_tools(settings_.snapshot_tools);
}

async::Task<void> RuntimeImage::take(sandbox::Spec spec) {
  taking_ = true;
  auto taken = co_await take_one(std::move(spec));
  taking_ = false;
  if (!taken) ++failures_;
  co_return taken;
}

async::Task<void> RuntimeImage::take_one(sandbox::Spec spec) {
  spec.env["GUST_SNAPSHOT"] = "1";
  spec.read_only.push_back({settings_.snapshot_tools, std::string(kToolsInside)});
  auto clear = [folder = folder_]() -> Result<void> {
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    if (error) return fail_errno("removing '" + folder + "'", error.value());
    return {};
  };
  GUST_CO_CHECK(co_await disk_.run(std::move(clear)));
  GUST_CO_TRY(auto sandbox, co_await launcher_.start(std::move(spec)));
  const auto taking = std::make_shared<Taking>();
  GUST_CO_TRY(taking->body, make_body(executor_, std::move(sandbox), settings_));
  *taking->body.runtime_api = [this, taking](RequestContext, http::Request request) -> async::Task<http::Response> {
    http::Response response;
    response.status = 202;
    if (request.path == kRefusedPath) {
      GUST_CO_TRY(taking->refused, co_await receive_refusal(request));
    } else if (request.path == kSnapshotPath && taking->bytes == 0) {
      GUST_CO_TRY(taking->bytes, co_await receive_image(disk_, request, folder_, kMaxBytes));
    } else {
      response.status = 404;
    }
    co_return response;
  };
  running_ = taking;
  if (stopping_) taking->body.sandbox->kill();
  asio::steady_timer limit(executor_, settings_.runtime_image_timeout);
  limit.async_wait([weak = std::weak_ptr(taking), after = settings_.runtime_image_timeout](auto error) {
    const auto late = error ? nullptr : weak.lock();
    if (!late) return;
    late->refused = fmt::format("it was not written within {} ms", after.count());
    late->body.sandbox->kill();
  });
  const auto exit = co_await taking->body.sandbox->wait();
  running_.reset();
  *taking->body.runtime_api = nullptr;
  const auto deadline = std::chrono::steady_clock::now() + kServerTimeout;
  GUST_CO_CHECK(co_await taking->body.server->stop(deadline));
  if (!exit) co_return std::unexpected(exit.error());
  if (taking->bytes == 0) co_return fail(Code::kUnavailable, taking->refused);
  bytes_ = taking->bytes;
  ready_ = true;
  co_return Result<void>{};
}

void RuntimeImage::use(sandbox::Spec& spec) const {
  spec.argv = {std::string(kRestore)};
  spec.read_only.push_back({settings_.snapshot_tools, std::string(kToolsInside)});
  spec.read_only.push_back({folder_, std::string(kFolderInside)});
}

void RuntimeImage::failed() {
  ready_ = false;
  ++failures_;
}

void RuntimeImage::stop() {
  stopping_ = true;
  if (running_) running_->body.sandbox->kill();
}

}  // namespace gust::functions
