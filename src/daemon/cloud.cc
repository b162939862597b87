#include "daemon/cloud.h"

#include "base/log.h"
#include "codec/json.h"
#include "config/layout.h"
#include "daemon/announced_blobs.h"
#include "daemon/environment.h"
#include "daemon/tracing.h"
#include "objects/key_file.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace gust::daemon {
namespace {

namespace fs = std::filesystem;

std::string first_of(std::initializer_list<const char*> paths) {
  for (const auto* path : paths) {
    if (::access(path, X_OK) == 0) return path;
  }
  return *paths.begin();
}

std::uint64_t machine_memory() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

constexpr std::size_t kMaxReadyRuntimes = 32;  // of each family

// GUST_READY_RUNTIMES_MB: what the runtimes booted ahead may use; 0 turns them off.
std::uint64_t ready_runtimes_bytes(const config::Settings& settings) {
  const char* given = std::getenv("GUST_READY_RUNTIMES_MB");
  if (given == nullptr) return std::min<std::uint64_t>(settings.ready_runtimes_bytes, machine_memory() / 8);
  const std::string_view text = given;
  std::uint64_t megabytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), megabytes);
  if (error == std::errc() && end == text.data() + text.size() && megabytes <= 1'000'000) return megabytes << 20;
  GUST_WARN("GUST_READY_RUNTIMES_MB '{}': expected a number of megabytes; it is not used", text);
  return settings.ready_runtimes_bytes;
}

// GUST_BILLED_STEP_MS: what is billed is rounded up to 1 ms, or to 100 as in earlier years.
Millis billed_step() {
  const char* given = std::getenv("GUST_BILLED_STEP_MS");
  if (given == nullptr || std::string_view(given) == "1") return Millis(1);
  if (std::string_view(given) == "100") return Millis(100);
  GUST_WARN("GUST_BILLED_STEP_MS '{}': expected 1 or 100; it is not used", given);
  return Millis(1);
}

// GUST_LIFECYCLE_PERIOD_MS: how often lifecycle rules are applied; else once an hour.
objects::LifecycleSettings lifecycle_settings() {
  objects::LifecycleSettings out;
  out.period = period_of("GUST_LIFECYCLE_PERIOD_MS", 50, 86'400'000).value_or(out.period);
  return out;
}

// GUST_SCALING_PERIOD_MS: what target tracking takes for a minute; less is for tests, which cannot wait for three.
scaling::ScalerSettings scaler_settings() {
  scaling::ScalerSettings out;
  out.period = period_of("GUST_SCALING_PERIOD_MS", 100, 60'000).value_or(out.period);
  out.look_every = std::min(out.look_every, out.period / 10);
  return out;
}

// GUST_SCRUB_MB_PER_S: how fast all blobs are read to find what changed on the disk; 0 turns it off.
blobs::ScrubSettings scrub_settings() {
  blobs::ScrubSettings out;
  const char* given = std::getenv("GUST_SCRUB_MB_PER_S");
  if (given == nullptr) return out;
  const std::string_view text = given;
  std::uint64_t megabytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), megabytes);
  if (error == std::errc() && end == text.data() + text.size() && megabytes <= 100'000) {
    out.bytes_per_second = megabytes << 20;
  } else {
    GUST_WARN("GUST_SCRUB_MB_PER_S '{}': expected 0 to 100000; it is not used", text);
  }
  return out;
}

// Every instance takes some ten descriptors, and many systems begin with 1,024.
void allow_many_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Names of the service's roles are long; a session's has 2-64 characters.
std::string session_name(const functions::Function& function) {
  auto name = function.key.name.str();
  return name.size() < 2 ? name + "-function" : name;
}

http::Response health() {
  http::Response response;
  response.headers.add("Content-Type", "application/json");
  response.body = codec::to_json(boost::json::object{{"status", "ok"}, {"version", GUST_VERSION}});
  return response;
}

Result<int> lock_folder(const std::string& folder) {
  const auto path = folder + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail_errno(fmt::format("opening '{}'", path), errno);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return fail(
        Code::kUnavailable,
        fmt::format("the data folder '{}' is in use by another gust; stop it, or choose another folder with --data",
                    folder),
        "data");
  }
  return fd;
}

}  // namespace

async::Task<void> Cloud::start() {
  std::error_code error;
  fs::create_directories(settings_.data, error);
  if (error) co_return fail_errno(fmt::format("making the data folder '{}'", settings_.data), error.value());
  settings_.data = fs::canonical(settings_.data).string();
  ::chmod(settings_.data.c_str(), 0711);  // sandboxes of other users reach their code below it, nothing lists it
  GUST_CO_TRY(lock_fd_, lock_folder(settings_.data));
  GUST_CO_CHECK(open_traces());
  GUST_CO_CHECK(co_await open_state());
  server_ = http::make_server(executor_, {});
  GUST_CO_CHECK(listen());
  GUST_CO_CHECK(co_await open_metrics());
  GUST_CO_CHECK(co_await open_logs());
  GUST_CO_CHECK(co_await open_functions());
  open_scaling();
  open_tables();
  open_event_sources();
  open_log_services();
  open_alarms();
  open_services();
  open_bill();
  open_console();
  outbox_->start();
  lifecycle_->start();
  scaler_->start();
  table_maintenance_->start();
  table_sweeper_->start();
  stream_sweeper_->start();
  table_jobs_->start();
  recovery_sweeper_->start();
  async_invoker_->start();
  log_subscriptions_->start();
  GUST_CO_CHECK(co_await pollers_->start());
  scrubber_->start();
  uses_->start();
  use_counts_->start();
  budget_watch_->start();
  service_metrics_->start();
  alarm_watch_->start();
  co_return write_endpoint();
}

Result<void> Cloud::open_traces() {
  const auto settings = trace_settings();
  if (!settings) return {};
  const auto folder = settings_.data + "/traces";
  GUST_TRY(traces_, traces::Store::open(executor_, env::system_files(), clock_, folder, *settings));
  ::chmod(folder.c_str(), 0700);
  tracer_ = traces_.get();
  traces_->start();
  if (auto collector = trace_collector()) {
    trace_export_ = std::make_unique<TraceExport>(executor_, *traces_, *std::move(collector));
    trace_export_->start();
    tracer_ = trace_export_.get();
  }
  return {};
}

async::Task<void> Cloud::open_state() {
  GUST_CO_TRY(store_, kv::RocksStore::open(settings_.data + "/kv"));
  auto damaged_reads = metrics_.counter("gust_blob_damaged_reads_total",
                                        "Reads that found other bytes than were written; none was served.");
  blobs::FileSettings files{.damaged = [damaged_reads](const blobs::BlobId&) mutable { damaged_reads.add(); }};
  GUST_CO_TRY(blobs_, blobs::FileStore::open(settings_.data + "/blobs", random_, std::move(files)));
  for (const auto* private_folder : {"/kv", "/blobs"}) ::chmod((settings_.data + private_folder).c_str(), 0700);
  GUST_CO_TRY(const auto unfinished, co_await blobs_->remove_unfinished());
  GUST_CO_TRY(const auto swept, co_await sweep_unannounced(*store_, *blobs_));
  if (unfinished + swept > 0) GUST_INFO("{} unfinished or forgotten blobs were removed", unfinished + swept);

  accounts_ = std::make_unique<auth::Accounts>(*store_, random_, clock_);
  GUST_CO_CHECK(co_await accounts_->ensure_root(settings_.data + "/credentials"));
  GUST_CO_TRY(sessions_, co_await auth::Sessions::open(*store_, random_, clock_));
  GUST_CO_CHECK(co_await accounts_->load());
  const auto dev = settings_.mode == config::Mode::kDev ? auth::DevKeys::kOnLoopback : auth::DevKeys::kRefused;
  authenticator_ =
      std::make_unique<auth::Authenticator>(*accounts_, *sessions_, clock_, auth::AuthSettings{.dev_keys = dev});
  // Of objects only: signatures and sessions keep the time of their clients.
  if (const char* file = std::getenv("GUST_OBJECTS_CLOCK_FILE"); file != nullptr)
    shifted_clock_ = std::make_unique<env::ShiftedClock>(clock_, file);
  env::Clock& clock = shifted_clock_ ? static_cast<env::Clock&>(*shifted_clock_) : clock_;
  GUST_CO_TRY(auto key, co_await objects::open_key(*store_, env::system_files(), settings_.data, random_));
  objects_ = std::make_unique<objects::ObjectStore>(*store_, *blobs_, clock, random_, object_events_, std::move(key));
  lifecycle_ =
      std::make_unique<objects::LifecycleRunner>(executor_, *objects_, clock, random_, lifecycle_settings());
  co_return co_await objects_->recover();
}

async::Task<void> Cloud::open_functions() {
  const auto scratch = settings_.data + "/sandbox", code = settings_.data + "/code";
  for (const auto& folder : {scratch, code}) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) co_return fail_errno(fmt::format("making '{}'", folder), error.value());
  }
  ::chmod(code.c_str(), 0711);
  allow_many_descriptors();
  functions::InvokerSettings settings;
  settings.code_folder = code;
  settings.services_port = settings_.port;
  settings.python = "/usr/bin/python3";
  settings.node = first_of({"/usr/bin/node", "/usr/bin/nodejs", "/usr/local/bin/node"});
  const auto layout = config::find_layout(fs::read_symlink("/proc/self/exe").parent_path());
  sandbox::LinuxSettings launch{(layout.tools / "gust-launcher").string(), scratch, {}};
  if (settings.node.starts_with("/usr/local/")) launch.show.push_back("/usr/local");
  GUST_CO_TRY(launcher_, co_await sandbox::LinuxLauncher::create(executor_, std::move(launch)));

  auto runtimes = settings_.runtimes;
  if (const char* given = std::getenv("GUST_RUNTIMES"); runtimes.empty() && given != nullptr) runtimes = given;
  if (runtimes.empty()) runtimes = layout.runtimes.string();
  settings.python_runtime = runtimes + "/python";
  settings.node_runtime = runtimes + "/node";
  if (!fs::exists(settings.python_runtime) || !fs::exists(settings.node_runtime)) {
    GUST_WARN(
        "the runtimes are not in '{}': Python and Node functions will not start; run runtimes/install or set "
        "GUST_RUNTIMES",
        runtimes);
  }
  settings.snapshot_folder = settings_.data + "/snapshots";
  settings.snapshot_tools = (layout.tools / "snapshot").string();
  settings.runtime_images = settings_.data + "/runtime-images";
  settings.extension_tools = (layout.tools / "extensions").string();
  recent_ = std::make_unique<meter::Recent>(*service_metrics_, clock_);
  settings.meter = recent_.get();
  settings.metrics = &metrics_;
  settings.admitted = [this](const functions::FunctionKey& function, std::size_t running) {
    service_metrics_->admitted(function, running);
  };
  if (traces_) {
    settings.tracer = tracer_;
    settings.take_segment = [this](const Caller& caller, std::string_view datagram) {
      take_segment(*tracer_, caller, datagram);
    };
  }
  settings.billed_step = billed_step();
  settings.keep_alive.fixed = settings_.keep_alive;
  settings.memory_bytes = settings_.memory_bytes != 0 ? settings_.memory_bytes : machine_memory() / 4 * 3;
  settings.ready_runtimes_bytes = ready_runtimes_bytes(settings_);
  settings.max_ready_runtimes = settings.ready_runtimes_bytes == 0 ? 0 : kMaxReadyRuntimes;
  settings.services = [this](RequestContext context, http::Request request) {
    return front_->handle_inside(std::move(context), std::move(request));
  };
  settings.issue_keys = [this](const functions::Function& function) { return issue_keys(function); };

  registry_ = std::make_unique<functions::Registry>(*store_, *blobs_, clock_, random_, code);
  GUST_CO_TRY(const auto found_runtimes, co_await registry_->mend_code());
  layers_ = std::make_unique<functions::Layers>(*store_, registry_->code(), clock_);
  images_ = std::make_unique<functions::Images>(*store_, clock_, random_, code);
  invoker_ = functions::make_invoker(executor_, *registry_, *launcher_, *logs_, clock_, random_, std::move(settings));
  keep_events();
  for (const auto& runtime : found_runtimes) invoker_->expect(runtime);
  async_queue_ = std::make_unique<queue::DurableQueue>(executor_, *store_, clock_, "async");
  GUST_CO_CHECK(co_await async_queue_->open());
  bucket_records_ = std::make_unique<BucketRecords>(*objects_);
  async_invoker_ = std::make_unique<functions::AsyncInvoker>(executor_, *store_, *async_queue_, *registry_, *invoker_,
                                                             *bucket_records_, clock_, *tracer_);
  async_invoker_->tell(*kept_events_);
  event_target_ = std::make_unique<FunctionTarget>(*async_invoker_);
  outbox_ = std::make_unique<events::Outbox>(executor_, *store_, clock_, random_, *event_target_, *tracer_);
  object_events_.attach(*outbox_);
  co_return Result<void>{};
}

async::Task<void> Cloud::open_logs() {
  // Of logs only, for tests of what takes days.
  if (const char* file = std::getenv("GUST_LOGS_CLOCK_FILE"); file != nullptr)
    logs_clock_ = std::make_unique<env::ShiftedClock>(clock_, file);
  env::Clock& clock = logs_clock_ ? static_cast<env::Clock&>(*logs_clock_) : clock_;
  const auto folder = settings_.data + "/logs";
  log_groups_ = std::make_unique<logs::Groups>(*store_, clock, random_);
  GUST_CO_CHECK(co_await log_groups_->open());
  log_events_ = std::make_unique<logs::EventStore>(executor_, *log_groups_, clock, folder + "/groups",
                                                   logs::GroupFolder::Limits{});
  log_events_->on_stored(
      [this](const logs::GroupKey& group, const logs::Event& event) { embedded_metrics_->take(group, event); });
  logs_ = std::make_unique<FunctionLogs>(*log_events_, clock);
  log_queries_ = std::make_unique<logs::insights::Queries>(executor_, *log_events_, clock, random_);
  ::chmod(folder.c_str(), 0700);
  GUST_CO_CHECK(co_await carry_over_logs(folder, *log_groups_, *log_events_));
  // GUST_LOGS_TIDY_PERIOD_MS: how often what is older than its group's retention is dropped; else once an hour.
  log_events_->start(period_of("GUST_LOGS_TIDY_PERIOD_MS", 50, 86'400'000).value_or(std::chrono::hours(1)));
  co_return Result<void>{};
}

void Cloud::open_log_services() {
  env::Clock& clock = logs_clock_ ? static_cast<env::Clock&>(*logs_clock_) : clock_;
  logs_->look_in([this](functions::FunctionKey key) { return log_groups_of(*registry_, std::move(key)); });
  log_deliveries_ = std::make_unique<LogDeliveries>(*registry_, *async_invoker_);
  log_subscriptions_ =
      std::make_unique<logs::Subscriptions>(executor_, *log_groups_, *log_events_, *log_deliveries_);
  logs_api_ = std::make_unique<api::LogsService>(api::LogsService::Parts{
      *log_groups_, *log_events_, *log_queries_, *log_subscriptions_, clock, stopping_});
}

functions::RoleKeys Cloud::issue_keys(const functions::Function& function) {
  const auto& account = function.key.account;
  const auto session = sessions_->issue(account, accounts_->canonical_id(account), function.role,
                                        session_name(function), std::chrono::hours(12));
  if (!session) {
    GUST_ERROR("functions: keys for {}: {}", function.role, session.error().message);
    return {};
  }
  return {session->keys.access_key_id, session->keys.secret, session->keys.session_token};
}

void Cloud::open_scaling() {
  capacity_ = std::make_unique<ProvisionedCapacity>(*registry_, *invoker_);
  utilisation_ = std::make_unique<ProvisionedUtilisation>(*registry_, *invoker_);
  scaling_log_ = std::make_unique<scaling::ActivityLog>(clock_, random_);
  scaling_registry_ = std::make_unique<scaling::Registry>(*store_, clock_, random_, *capacity_, *scaling_log_);
  scaler_ = std::make_unique<scaling::Scaler>(executor_, *store_, clock_, *capacity_, *utilisation_, *scaling_log_,
                                              scaler_settings());
  scaling_api_ = std::make_unique<api::ApplicationAutoScalingService>(*scaling_registry_, *scaler_);
}

void Cloud::open_tables() {
  catalog_ = std::make_unique<tables::Catalog>(executor_, *store_, clock_, random_);
  items_ = std::make_unique<tables::ItemStore>(*store_, clock_);
  table_maintenance_ = std::make_unique<tables::Maintenance>(executor_, *catalog_, *items_);
  // GUST_TTL_PERIOD_MS: how often items are looked for whose time to live has ended, and records that are too old.
  const auto period = period_of("GUST_TTL_PERIOD_MS", 50, 86'400'000).value_or(std::chrono::minutes(1));
  table_sweeper_ = std::make_unique<tables::Sweeper>(executor_, *catalog_, *items_, clock_, period);
  dynamodb_ = std::make_unique<api::DynamoDbService>(*store_, *catalog_, *items_, *table_sweeper_, clock_,
                                                     endpoint_.substr(endpoint_.find("//") + 2));
  open_table_backups(period);
  streams_ = std::make_unique<tables::StreamCatalog>(*store_, clock_);
  stream_sweeper_ = std::make_unique<tables::StreamSweeper>(executor_, *streams_, *items_, period);
  dynamodb_streams_ = std::make_unique<api::DynamoDbStreamsService>(*streams_, *items_, clock_);
}

void Cloud::open_event_sources() {
  table_streams_ = std::make_unique<TableStreams>(executor_, *streams_, *items_);
  function_batches_ = std::make_unique<FunctionBatches>(*invoker_);
  bucket_failures_ = std::make_unique<BucketFailures>(*bucket_records_);
  mappings_ = std::make_unique<event_sources::Mappings>(*store_, *table_streams_, clock_, random_);
  pollers_ = std::make_unique<event_sources::Pollers>(
      executor_, event_sources::Pollers::Parts{*mappings_, *table_streams_, *function_batches_, *bucket_failures_,
                                               timing_, random_, metrics_, *tracer_});
}

void Cloud::open_table_backups(Millis period) {
  table_jobs_ = std::make_unique<tables::Jobs>(executor_, *store_);
  table_backups_ = std::make_unique<tables::Backups>(*store_, *catalog_, *items_, *table_jobs_, clock_, random_);
  table_restores_ = std::make_unique<tables::Restores>(*store_, *catalog_, *items_, *table_jobs_, clock_);
  recovery_sweeper_ =
      std::make_unique<tables::RecoverySweeper>(executor_, *table_backups_, *table_restores_, period);
  dynamodb_backups_ =
      std::make_unique<api::DynamoDbBackups>(dynamodb_->wire(), *catalog_, *table_backups_, *table_restores_);
  open_table_transfers();
}

void Cloud::open_table_transfers() {
  table_buckets_ = std::make_unique<TableBuckets>(*objects_);
  table_exports_ = std::make_unique<tables::Exports>(
      tables::Exports::Parts{*store_, *items_, *table_jobs_, *table_restores_, *table_buckets_, clock_, random_,
                             api::append_export_line});
  table_imports_ = std::make_unique<tables::Imports>(tables::Imports::Parts{
      *store_, *catalog_, *items_, *table_jobs_, *table_buckets_, clock_, random_, api::import_line,
      [this](const AccountId& account, const auto& fault) { log_import(*logs_, account, fault); }});
  dynamodb_transfers_ =
      std::make_unique<api::DynamoDbTransfers>(dynamodb_->wire(), *table_exports_, *table_imports_, random_);
}

void Cloud::open_services() {
  using api::ServiceKind;
  notification_targets_ = std::make_unique<FunctionTargets>(*registry_);
  bucket_code_ = std::make_unique<BucketCode>(*objects_);
  integration_ = std::make_unique<FunctionIntegration>(*registry_, *invoker_);
  urls_ = std::make_unique<functions::Urls>(*store_, clock_, random_);
  url_target_ = std::make_unique<FunctionUrlTarget>(*registry_, *urls_, *invoker_, *authenticator_);
  function_urls_ = std::make_unique<gateway::FunctionUrls>(*url_target_, clock_);
  apis_ = std::make_unique<gateway::Apis>(*store_, clock_, random_);
  gateway_ = std::make_unique<gateway::Gateway>(*apis_, *integration_, clock_, *tracer_);
  site_content_ = std::make_unique<BucketSites>(*objects_);
  site_ = std::make_unique<sites::Site>(*site_content_);
  code_links_ = std::make_unique<CodeLinks>(*registry_, *layers_, clock_, random_, endpoint_);

  s3_ = std::make_unique<api::S3Service>(
      *objects_, *notification_targets_, [this](const AccountId& id) { return accounts_->canonical_id(id); },
      [this] { return shifted_clock_ ? shifted_clock_->now() : clock_.now(); });
  lambda_ = std::make_unique<api::LambdaService>(api::LambdaService::Parts{
      *registry_, *layers_, *images_, *invoker_, *async_invoker_, *bucket_code_, *bucket_records_,
      [this](const functions::FunctionRef& ref) { return code_links_->make(ref); },
      [this](const functions::LayerKey& key) { return code_links_->make(key); }, *urls_,
      [at = "lambda-url.localhost" + endpoint_.substr(endpoint_.rfind(':'))](const std::string& id) {
        return fmt::format("http://{}.{}/", id, at);
      },
      *mappings_, *pollers_});
  api_gateway_ = std::make_unique<api::ApiGatewayV2Service>(
      *apis_, "execute-api.localhost" + endpoint_.substr(endpoint_.rfind(':')));
  if (traces_) admin_traces_ = std::make_unique<AdminTraces>(*traces_, *logs_, clock_, stopping_);
  admin_ = std::make_unique<Admin>(
      Admin::Parts{*accounts_, *registry_, *images_, *invoker_, *async_invoker_, *log_events_, *kept_events_,
                   *launcher_, *store_, *blobs_, clock_, settings_.data, endpoint_, stopping_, admin_traces_.get()});

  front_ = std::make_unique<Front>(*authenticator_, *s3_, *tracer_);
  front_->add_signed(ServiceKind::kS3, "s3", s3_->wire());
  front_->add_signed(ServiceKind::kLambda, "lambda", lambda_->wire());
  front_->add_signed(ServiceKind::kApiGateway, "apigateway", api_gateway_->wire());
  front_->add_signed(ServiceKind::kLogs, "logs", logs_api_->wire());
  front_->add_signed(ServiceKind::kCloudWatch, "monitoring", cloudwatch_->wire());
  front_->add_signed(ServiceKind::kSts, "sts", sts_.wire());
  front_->add_signed(ServiceKind::kScaling, "application-autoscaling", scaling_api_->wire());
  front_->add_signed(ServiceKind::kDynamoDb, "dynamodb", dynamodb_->wire());
  front_->add_signed(ServiceKind::kDynamoDbStreams, "dynamodb", dynamodb_streams_->wire());
  front_->add_open(ServiceKind::kHealth,
                   [](RequestContext, http::Request, api::Destination) -> boost::asio::awaitable<http::Response> {
                     co_return health();
                   });
  front_->add_open(ServiceKind::kCode, [this](RequestContext, http::Request request, api::Destination) {
    return code_links_->handle(std::move(request));
  });
  front_->add_open(ServiceKind::kHttpApi, [this](RequestContext context, http::Request request, api::Destination to) {
    const bool by_host = !request.path.starts_with("/_gust/");
    std::string host(by_host ? request.host() : "");
    host = host.substr(0, host.rfind(':'));
    return gateway_->handle(std::move(context), std::move(request), std::move(to.name), std::move(to.path),
                            std::move(host));
  });
  front_->add_open(ServiceKind::kFunctionUrl, [this](RequestContext context, http::Request request,
                                                     api::Destination to) {
    std::string host(request.host());
    host = request.path.starts_with("/_gust/") ? to.name + ".lambda-url.localhost" : host.substr(0, host.rfind(':'));
    return function_urls_->handle(std::move(context), std::move(request), std::move(to.name), std::move(to.path),
                                  std::move(host));
  });
  front_->add_open(ServiceKind::kSite, [this](RequestContext context, http::Request request, api::Destination to) {
    return site_->handle(std::move(context), std::move(request), BucketName(std::move(to.name)), std::move(to.path));
  });
  scrubber_ = std::make_unique<blobs::Scrubber>(executor_, *blobs_, random_, scrub_settings());
  metrics_page_ = std::make_unique<MetricsPage>(metrics_, *invoker_, *async_invoker_, *pollers_, *scrubber_,
                                                traces_.get());
  front_->set_metrics(
      [this](RequestContext, http::Request, api::Destination) -> boost::asio::awaitable<http::Response> {
        auto page = co_await metrics_page_->get();
        co_return page ? *std::move(page) : admin_error(500, page.error().message);
      });
  if (traces_) serve_traces();
  front_->set_admin([this](RequestContext context, http::Request request, api::Destination to) {
    if (BillAdmin::serves(to.path)) return bill_admin_->handle(std::move(context), std::move(request), std::move(to));
    return admin_->handle(std::move(context), std::move(request), std::move(to));
  });
}

void Cloud::serve_traces() {
  xray_ = std::make_unique<api::XRayService>(*traces_);
  span_intake_ = std::make_unique<SpanIntake>(*authenticator_, *tracer_);
  front_->add_signed(api::ServiceKind::kXRay, "xray", xray_->wire());
  front_->add_open(api::ServiceKind::kSpans, [this](RequestContext context, http::Request request, api::Destination) {
    return span_intake_->handle(std::move(context), std::move(request));
  });
}

void Cloud::open_console() {
  console_ = std::make_unique<Console>(Console::Parts{*front_, *authenticator_, random_, clock_, endpoint_});
  const auto console = api::ServiceKind::kConsole;
  front_->add_open(console, [this](RequestContext context, http::Request request, api::Destination to) {
    return console_->handle(std::move(context), std::move(request), std::move(to));
  });
}

Result<std::uint16_t> Cloud::add_listener(const std::string& address, std::uint16_t port,
                                          std::shared_ptr<http::Tls> tls) {
  GUST_TRY(const auto listener, http::listen_tcp(address, port));
  auto handler = [this](RequestContext context, http::Request request) -> async::Task<http::Response> {
    // Until every service is open the address only says so.
    if (!front_) co_return admin_error(503, "gust is starting; try again");
    co_return co_await front_->handle(std::move(context), std::move(request));
  };
  GUST_CHECK(server_->serve(listener.fd, std::move(handler), tls));
  // Names under .localhost mean ::1 first on many machines.
  if (address == "127.0.0.1") {
    if (const auto also = add_listener("::1", listener.port, std::move(tls)); !also)
      GUST_INFO("not listening on ::1: {}", also.error().message);
  }
  return listener.port;
}

Result<void> Cloud::listen() {
  const auto url = [](std::string_view scheme, const std::string& address, std::uint16_t port) {
    const bool six = address.find(':') != std::string::npos;
    return fmt::format("{}://{}{}{}:{}", scheme, six ? "[" : "", address, six ? "]" : "", port);
  };
  std::shared_ptr<http::Tls> tls;
  if (settings_.tls) {
    GUST_TRY(tls, http::Tls::open(settings_.tls->certificate, settings_.tls->key));
  }
  GUST_TRY(settings_.port, add_listener(settings_.address, settings_.port, nullptr));
  endpoint_ = url("http", settings_.address, settings_.port);
  if (tls) {
    GUST_TRY(const auto port, add_listener(settings_.tls->address, settings_.tls->port, std::move(tls)));
    tls_endpoint_ = url("https", settings_.tls->address, port);
  }
  return {};
}

Result<void> Cloud::write_endpoint() {
  const auto path = settings_.data + "/endpoint", temporary = path + ".new";
  std::ofstream(temporary) << endpoint_ << "\n";
  if (::rename(temporary.c_str(), path.c_str()) != 0) return fail_errno(fmt::format("writing '{}'", path), errno);
  told_endpoint_ = true;
  return {};
}

async::Task<void> Cloud::stop(Millis grace) {
  const auto deadline = std::chrono::steady_clock::now() + grace;
  *stopping_ = true;
  if (told_endpoint_) ::unlink((settings_.data + "/endpoint").c_str());  // else it is of another daemon
  // Every part is stopped, whatever another says; the first failure is the answer.
  Result<void> first;
  const auto note = [&first](const Result<void>& done) {
    if (!done && first) first = done;
  };
  if (server_) note(co_await server_->stop(deadline));
  if (lifecycle_) note(co_await lifecycle_->stop());
  if (scaler_) note(co_await scaler_->stop());
  if (recovery_sweeper_) note(co_await recovery_sweeper_->stop());
  if (table_jobs_) note(co_await table_jobs_->stop());
  if (stream_sweeper_) note(co_await stream_sweeper_->stop());
  if (table_sweeper_) note(co_await table_sweeper_->stop());
  if (table_maintenance_) note(co_await table_maintenance_->stop());
  if (scrubber_) note(co_await scrubber_->stop());
  if (pollers_) note(co_await pollers_->stop(deadline));
  if (log_subscriptions_) note(co_await log_subscriptions_->stop());
  if (async_invoker_) note(co_await async_invoker_->stop(deadline));
  if (invoker_) note(co_await invoker_->stop(deadline));
  if (outbox_) note(co_await outbox_->stop());
  if (budget_watch_) note(co_await budget_watch_->stop());
  if (alarm_watch_) note(co_await alarm_watch_->stop());
  if (use_counts_) note(co_await use_counts_->stop());
  if (uses_) note(co_await uses_->stop());
  if (logs_) note(co_await logs_->flush());
  if (log_queries_) note(co_await log_queries_->stop());
  if (log_events_) note(co_await log_events_->stop());
  if (service_metrics_) note(co_await service_metrics_->stop());
  if (metric_store_) note(co_await metric_store_->stop());
  if (trace_export_) note(co_await trace_export_->stop());
  if (traces_) note(co_await traces_->stop());
  if (kept_events_) note(co_await kept_events_->flush());
  if (launcher_) note(co_await launcher_->stop());
  co_return first;
}

}  // namespace gust::daemon
