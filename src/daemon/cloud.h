// Cloud: every module of the daemon, made in order, wired, and stopped in the opposite order. Loop thread only.
#pragma once

#include "api/apigatewayv2/service.h"
#include "api/applicationautoscaling/service.h"
#include "api/cloudwatch/service.h"
#include "api/dynamodb/backups.h"
#include "api/dynamodb/service.h"
#include "api/dynamodb/transfers.h"
#include "api/dynamodbstreams/service.h"
#include "api/lambda/service.h"
#include "api/logs/service.h"
#include "api/s3/service.h"
#include "api/sts/service.h"
#include "api/xray/service.h"
#include "auth/accounts.h"
#include "auth/authenticator.h"
#include "auth/sessions.h"
#include "blobs/files/file_store.h"
#include "blobs/files/scrubber.h"
#include "config/settings.h"
#include "daemon/adapters.h"
#include "daemon/admin.h"
#include "daemon/alarm_functions.h"
#include "daemon/bill_admin.h"
#include "daemon/budget_watch.h"
#include "daemon/code_links.h"
#include "daemon/console.h"
#include "daemon/embedded_metrics.h"
#include "daemon/event_source_adapters.h"
#include "daemon/front.h"
#include "daemon/function_logs.h"
#include "daemon/log_deliveries.h"
#include "daemon/metrics_page.h"
#include "daemon/service_metrics.h"
#include "daemon/span_intake.h"
#include "daemon/table_buckets.h"
#include "daemon/trace_export.h"
#include "daemon/url_target.h"
#include "daemon/use_counts.h"
#include "env/shifted_clock.h"
#include "event_sources/clock_timing.h"
#include "event_sources/mappings.h"
#include "event_sources/pollers.h"
#include "gateway/apis.h"
#include "gateway/function_url.h"
#include "gateway/gateway.h"
#include "functions/kept_events.h"
#include "http/server.h"
#include "http/tls.h"
#include "kv/rocks/rocks_store.h"
#include "logs/event_store.h"
#include "meter/budgets.h"
#include "meter/ledger.h"
#include "meter/recent.h"
#include "meter/use_ledger.h"
#include "metrics/alarm_watch.h"
#include "objects/lifecycle_runner.h"
#include "queue/durable_queue.h"
#include "sandbox/linux/linux_launcher.h"
#include "scaling/registry.h"
#include "scaling/scaler.h"
#include "sites/site.h"
#include "tables/backups/backups.h"
#include "tables/catalog.h"
#include "tables/item_store.h"
#include "tables/backups/jobs.h"
#include "tables/maintenance.h"
#include "tables/backups/recovery_sweeper.h"
#include "tables/backups/restores.h"
#include "tables/streams/stream_catalog.h"
#include "tables/streams/stream_sweeper.h"
#include "tables/sweeper.h"
#include "telemetry/metrics.h"
#include "traces/store.h"

#include <memory>
#include <optional>

namespace gust::daemon {

class Cloud {
 public:
  Cloud(async::Executor executor, config::Settings settings) : executor_(executor), settings_(std::move(settings)) {}

  // kUnavailable when the data folder or the address is taken.
  async::Task<void> start();
  async::Task<void> stop(Millis grace);
  const std::string& endpoint() const { return endpoint_; }
  const std::string& tls_endpoint() const { return tls_endpoint_; }  // empty: no TLS

 private:
  async::Task<void> open_state();
  Result<void> open_traces();
  // cloud_metrics.cc
  async::Task<void> open_metrics();
  void open_alarms();
  async::Task<void> open_functions();
  async::Task<void> open_logs();
  void open_log_services();
  void open_scaling();
  void open_tables();
  void open_event_sources();
  void open_table_backups(Millis period);
  void open_table_transfers();
  void open_services();
  void serve_traces();
  void open_console();
  // cloud_bill.cc
  void keep_events();
  void open_bill();
  Result<void> listen();
  // The port that it got.
  Result<std::uint16_t> add_listener(const std::string& address, std::uint16_t port, std::shared_ptr<http::Tls> tls);
  Result<void> write_endpoint();
  functions::RoleKeys issue_keys(const functions::Function& function);

  async::Executor executor_;
  config::Settings settings_;
  std::string endpoint_, tls_endpoint_;
  bool told_endpoint_ = false;  // the file of the data folder is this daemon's
  std::shared_ptr<bool> stopping_ = std::make_shared<bool>(false);
  env::SystemClock clock_;
  env::SystemRandom random_;
  telemetry::Metrics metrics_;
  std::unique_ptr<traces::Store> traces_;  // none: traces are off
  std::unique_ptr<TraceExport> trace_export_;
  telemetry::Tracer* tracer_ = &telemetry::no_tracer();
  int lock_fd_ = -1;

  std::unique_ptr<kv::RocksStore> store_;
  std::unique_ptr<blobs::FileStore> blobs_;
  std::unique_ptr<blobs::Scrubber> scrubber_;
  std::unique_ptr<auth::Accounts> accounts_;
  std::unique_ptr<auth::Sessions> sessions_;
  std::unique_ptr<auth::Authenticator> authenticator_;
  ObjectEvents object_events_;
  std::unique_ptr<env::ShiftedClock> shifted_clock_;
  std::unique_ptr<objects::ObjectStore> objects_;
  std::unique_ptr<objects::LifecycleRunner> lifecycle_;
  std::unique_ptr<sandbox::LinuxLauncher> launcher_;
  std::unique_ptr<functions::Registry> registry_;
  std::unique_ptr<functions::Layers> layers_;
  std::unique_ptr<functions::Images> images_;
  std::unique_ptr<env::ShiftedClock> metrics_clock_;
  std::unique_ptr<metrics::MetricStore> metric_store_;
  std::unique_ptr<EmbeddedMetrics> embedded_metrics_;
  std::unique_ptr<meter::Ledger> ledger_;
  std::unique_ptr<RequestMetrics> request_metrics_;
  std::unique_ptr<ServiceMetrics> service_metrics_;
  std::unique_ptr<meter::Recent> recent_;
  std::unique_ptr<env::ShiftedClock> logs_clock_;
  std::unique_ptr<logs::Groups> log_groups_;
  std::unique_ptr<logs::EventStore> log_events_;
  std::unique_ptr<FunctionLogs> logs_;
  std::unique_ptr<logs::insights::Queries> log_queries_;
  std::unique_ptr<LogDeliveries> log_deliveries_;
  std::unique_ptr<logs::Subscriptions> log_subscriptions_;
  std::unique_ptr<api::LogsService> logs_api_;
  std::unique_ptr<functions::KeptEvents> kept_events_;
  std::unique_ptr<functions::Invoker> invoker_;
  std::unique_ptr<queue::DurableQueue> async_queue_;
  std::unique_ptr<BucketRecords> bucket_records_;
  std::unique_ptr<functions::AsyncInvoker> async_invoker_;
  std::unique_ptr<AlarmFunctions> alarm_functions_;
  std::unique_ptr<metrics::Alarms> alarms_;
  std::unique_ptr<metrics::AlarmWatch> alarm_watch_;
  std::unique_ptr<api::CloudWatchService> cloudwatch_;
  std::unique_ptr<FunctionTarget> event_target_;
  std::unique_ptr<events::Outbox> outbox_;
  std::unique_ptr<FunctionTargets> notification_targets_;
  std::unique_ptr<BucketCode> bucket_code_;
  std::unique_ptr<ProvisionedCapacity> capacity_;
  std::unique_ptr<ProvisionedUtilisation> utilisation_;
  std::unique_ptr<scaling::ActivityLog> scaling_log_;
  std::unique_ptr<scaling::Registry> scaling_registry_;
  std::unique_ptr<scaling::Scaler> scaler_;
  std::unique_ptr<FunctionIntegration> integration_;
  std::unique_ptr<functions::Urls> urls_;
  std::unique_ptr<FunctionUrlTarget> url_target_;
  std::unique_ptr<gateway::FunctionUrls> function_urls_;
  std::unique_ptr<gateway::Apis> apis_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<BucketSites> site_content_;
  std::unique_ptr<sites::Site> site_;
  std::unique_ptr<CodeLinks> code_links_;
  std::unique_ptr<api::S3Service> s3_;
  std::unique_ptr<api::ApiGatewayV2Service> api_gateway_;
  std::unique_ptr<api::ApplicationAutoScalingService> scaling_api_;
  std::unique_ptr<tables::Catalog> catalog_;
  std::unique_ptr<tables::ItemStore> items_;
  std::unique_ptr<tables::Maintenance> table_maintenance_;
  std::unique_ptr<tables::Sweeper> table_sweeper_;
  std::unique_ptr<tables::Jobs> table_jobs_;
  std::unique_ptr<tables::Backups> table_backups_;
  std::unique_ptr<tables::Restores> table_restores_;
  std::unique_ptr<tables::RecoverySweeper> recovery_sweeper_;
  std::unique_ptr<api::DynamoDbService> dynamodb_;
  std::unique_ptr<api::DynamoDbBackups> dynamodb_backups_;
  std::unique_ptr<TableBuckets> table_buckets_;
  std::unique_ptr<tables::Exports> table_exports_;
  std::unique_ptr<tables::Imports> table_imports_;
  std::unique_ptr<api::DynamoDbTransfers> dynamodb_transfers_;
  std::unique_ptr<tables::StreamCatalog> streams_;
  std::unique_ptr<tables::StreamSweeper> stream_sweeper_;
  std::unique_ptr<api::DynamoDbStreamsService> dynamodb_streams_;
  std::unique_ptr<TableStreams> table_streams_;
  std::unique_ptr<FunctionBatches> function_batches_;
  std::unique_ptr<BucketFailures> bucket_failures_;
  event_sources::ClockTiming timing_{clock_};
  std::unique_ptr<event_sources::Mappings> mappings_;
  std::unique_ptr<event_sources::Pollers> pollers_;
  std::unique_ptr<api::LambdaService> lambda_;
  api::StsService sts_;
  std::unique_ptr<AdminTraces> admin_traces_;
  std::unique_ptr<api::XRayService> xray_;
  std::unique_ptr<SpanIntake> span_intake_;
  std::unique_ptr<meter::UseLedger> uses_;
  std::unique_ptr<meter::Budgets> budgets_;
  std::unique_ptr<UseCounts> use_counts_;
  std::unique_ptr<BudgetWatch> budget_watch_;
  std::unique_ptr<BillAdmin> bill_admin_;
  std::unique_ptr<Admin> admin_;
  std::unique_ptr<MetricsPage> metrics_page_;
  std::unique_ptr<Front> front_;
  std::unique_ptr<Console> console_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace gust::daemon
