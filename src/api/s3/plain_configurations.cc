// Configurations that are kept and told as they were set, or of which a bucket has none: encryption, lifecycle,
// logging, request payment, acceleration, replication, analytics, inventory, metrics, intelligent tiering.
#include "api/s3/configuration_text.h"
#include "api/s3/lifecycle_rules.h"
#include "api/s3/service.h"
#include "api/s3/shared.h"

#include <fmt/format.h>

namespace gust::api {
namespace {

std::unexpected<wire::Fault> none(const char* code, const char* message, const std::string& bucket) {
  return wire::fault(code, message, {{"BucketName", bucket}}, 404);
}

template <typename Request>
S3Reply<s3::Empty> remove(const S3Parts& s3, std::string_view action, std::string which, wire::Call call,
                          Request request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, action, request));
  GUST_CO_CHECK(co_await s3.store.configure(bucket.name, std::move(which), ""));
  co_return s3::Empty{};
}

// --- encryption: every object is, with keys of the store, as the service has it

S3Reply<s3::Empty> put_encryption(const S3Parts& s3, wire::Call call, s3::PutBucketEncryptionRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutEncryptionConfiguration", request));
  const auto& rules = request.server_side_encryption_configuration.rules;
  if (rules.size() != 1 || !rules[0].apply_server_side_encryption_by_default) co_return malformed_xml();
  const auto& algorithm = rules[0].apply_server_side_encryption_by_default->sse_algorithm;
  if (algorithm == "aws:kms" || algorithm == "aws:kms:dsse") {
    co_return wire::fault("NotImplemented", "KMS is not configured: there is no key service. Use AES256.",
                          {{"Header", "x-amz-server-side-encryption"}}, 501);
  }
  if (algorithm != "AES256") co_return malformed_xml();
  if (const auto& id = rules[0].apply_server_side_encryption_by_default->kms_master_key_id) {
    co_return wire::fault(
        "InvalidArgument",
        "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
        {{"ArgumentName", "KMSMasterKeyID"}, {"ArgumentValue", *id}}, 400);
  }
  GUST_CO_CHECK(
      co_await s3.store.configure(bucket.name, "encryption", to_text(request.server_side_encryption_configuration)));
  co_return s3::Empty{};
}

S3Reply<s3::GetBucketEncryptionOutput> get_encryption(const S3Parts& s3, wire::Call call,
                                                      s3::GetBucketEncryptionRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:GetEncryptionConfiguration", request));
  s3::GetBucketEncryptionOutput out;
  const auto text = bucket.configuration("encryption");
  out.server_side_encryption_configuration = from_text<s3::ServerSideEncryptionConfiguration>(text);
  if (!text.empty()) {
    for (auto& rule : out.server_side_encryption_configuration->rules)
      rule.bucket_key_enabled = rule.bucket_key_enabled.value_or(false);
    co_return out;
  }
  s3::ServerSideEncryptionRule rule;
  rule.apply_server_side_encryption_by_default.emplace();
  rule.apply_server_side_encryption_by_default->sse_algorithm = "AES256";
  rule.bucket_key_enabled = false;
  out.server_side_encryption_configuration->rules.push_back(std::move(rule));
  co_return out;
}

// --- lifecycle

S3Reply<s3::PutBucketLifecycleConfigurationOutput> put_lifecycle(const S3Parts& s3, wire::Call call,
                                                                 s3::PutBucketLifecycleConfigurationRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutLifecycleConfiguration", request));
  if (!request.lifecycle_configuration) co_return malformed_xml();
  auto configuration = *request.lifecycle_configuration;
  GUST_CO_CHECK(check_lifecycle(configuration, call.context.request_id.str()));
  GUST_CO_CHECK(co_await s3.store.configure(bucket.name, "lifecycle", to_text(configuration)));
  s3::PutBucketLifecycleConfigurationOutput out;
  out.transition_default_minimum_object_size =
      request.transition_default_minimum_object_size.value_or("all_storage_classes_128K");
  co_return out;
}

S3Reply<s3::GetBucketLifecycleConfigurationOutput> get_lifecycle(const S3Parts& s3, wire::Call call,
                                                                 s3::GetBucketLifecycleConfigurationRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:GetLifecycleConfiguration", request));
  const auto text = bucket.configuration("lifecycle");
  if (text.empty()) {
    co_return none("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", request.bucket);
  }
  s3::GetBucketLifecycleConfigurationOutput out;
  out.rules = from_text<s3::BucketLifecycleConfiguration>(text).rules;
  out.transition_default_minimum_object_size = "all_storage_classes_128K";
  co_return out;
}

// --- logging

S3Reply<s3::Empty> put_logging(const S3Parts& s3, wire::Call call, s3::PutBucketLoggingRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutBucketLogging", request));
  const auto& enabled = request.bucket_logging_status.logging_enabled;
  if (!enabled) {
    GUST_CO_CHECK(co_await s3.store.configure(bucket.name, "logging", ""));
    co_return s3::Empty{};
  }
  co_return wire::fault("NotImplemented", "Logs of a bucket's requests are not written to buckets; see `gust logs`.",
                        {{"Header", "logging"}}, 501);
}

S3Reply<s3::GetBucketLoggingOutput> get_logging(const S3Parts& s3, wire::Call call,
                                                s3::GetBucketLoggingRequest request) {
  GUST_CO_CHECK(co_await allow_bucket(s3, call, "s3:GetBucketLogging", request));
  co_return s3::GetBucketLoggingOutput{};
}

// --- who pays, and acceleration

S3Reply<s3::Empty> put_payment(const S3Parts& s3, wire::Call call, s3::PutBucketRequestPaymentRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutBucketRequestPayment", request));
  const auto& payer = request.request_payment_configuration.payer;
  if (payer != "BucketOwner" && payer != "Requester") co_return malformed_xml();
  GUST_CO_CHECK(co_await s3.store.configure(bucket.name, "requestPayment", payer == "BucketOwner" ? "" : payer));
  co_return s3::Empty{};
}

S3Reply<s3::GetBucketRequestPaymentOutput> get_payment(const S3Parts& s3, wire::Call call,
                                                       s3::GetBucketRequestPaymentRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:GetBucketRequestPayment", request));
  const auto payer = bucket.configuration("requestPayment");
  s3::GetBucketRequestPaymentOutput out;
  out.payer = payer.empty() ? "BucketOwner" : payer;
  co_return out;
}

S3Reply<s3::Empty> put_acceleration(const S3Parts& s3, wire::Call call,
                                    s3::PutBucketAccelerateConfigurationRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutAccelerateConfiguration", request));
  const auto status = request.accelerate_configuration.status.value_or("");
  if (status != "Enabled" && status != "Suspended") co_return malformed_xml();
  if (request.bucket.find('.') != std::string::npos) {
    co_return wire::fault("InvalidRequest",
                          "S3 Transfer Acceleration is not supported for buckets with periods (.) in "
                          "their names",
                          {}, 400);
  }
  GUST_CO_CHECK(co_await s3.store.configure(bucket.name, "accelerate", status));
  co_return s3::Empty{};
}

S3Reply<s3::GetBucketAccelerateConfigurationOutput> get_acceleration(
    const S3Parts& s3, wire::Call call, s3::GetBucketAccelerateConfigurationRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:GetAccelerateConfiguration", request));
  s3::GetBucketAccelerateConfigurationOutput out;
  if (const auto status = bucket.configuration("accelerate"); !status.empty()) out.status = status;
  co_return out;
}

// --- replication, which needs another region

S3Reply<s3::Empty> put_replication(const S3Parts& s3, wire::Call call, s3::PutBucketReplicationRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutReplicationConfiguration", request));
  if (bucket.versioning != objects::Versioning::kEnabled) {
    co_return wire::fault("InvalidRequest",
                          "Versioning must be 'Enabled' on the bucket to apply a replication configuration", {}, 400);
  }
  co_return wire::fault("NotImplemented", "Replication is not served.", {{"Header", "replication"}}, 501);
}

S3Reply<s3::GetBucketReplicationOutput> get_replication(const S3Parts& s3, wire::Call call,
                                                        s3::GetBucketReplicationRequest request) {
  GUST_CO_CHECK(co_await allow_bucket(s3, call, "s3:GetReplicationConfiguration", request));
  co_return none("ReplicationConfigurationNotFoundError", "The replication configuration was not found",
                 request.bucket);
}

// --- those that no bucket has here

template <typename Output, typename Request>
S3Reply<Output> list_none(const S3Parts& s3, std::string_view action, wire::Call call, Request request) {
  GUST_CO_CHECK(co_await allow_bucket(s3, call, action, request));
  Output out;
  out.is_truncated = false;
  co_return out;
}

template <typename Output, typename Request>
S3Reply<Output> get_none(const S3Parts& s3, std::string_view action, wire::Call call, Request request) {
  GUST_CO_CHECK(co_await allow_bucket(s3, call, action, request));
  co_return none("NoSuchConfiguration", "The specified configuration does not exist.", request.bucket);
}

S3Reply<s3::RestoreObjectOutput> restore(const S3Parts& s3, wire::Call call, s3::RestoreObjectRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:RestoreObject", request));
  GUST_CO_CHECK(co_await readable_object(s3, call, bucket, request.key, request.version_id));
  co_return wire::fault("InvalidObjectState", "Restore is not allowed for the object's current storage class",
                        {{"StorageClass", "STANDARD"}}, 403);
}

}  // namespace

void S3Service::add_plain_configuration_operations() {
  const auto on = [this]<typename Op>(Op, auto handler) {
    service_.on<Op>(
        [this, handler](auto call, auto request) { return handler(parts_, std::move(call), std::move(request)); });
  };
  const auto on_none = [this]<typename Op>(Op, std::string_view action) {
    using Request = typename Op::Request;
    using Output = typename Op::Response;
    service_.on<Op>([this, action](auto call, auto request) {
      if constexpr (requires(Output out) { out.is_truncated; }) {
        return list_none<Output, Request>(parts_, action, std::move(call), std::move(request));
      } else {
        return get_none<Output, Request>(parts_, action, std::move(call), std::move(request));
      }
    });
  };
  const auto on_remove = [this]<typename Op>(Op, std::string_view action, std::string which) {
    service_.on<Op>([this, action, which](auto call, auto request) {
      return remove(parts_, action, which, std::move(call), std::move(request));
    });
  };
  on(s3::PutBucketEncryption{}, put_encryption);
  on(s3::GetBucketEncryption{}, get_encryption);
  on_remove(s3::DeleteBucketEncryption{}, "s3:PutEncryptionConfiguration", "encryption");
  on(s3::PutBucketLifecycleConfiguration{}, put_lifecycle);
  on(s3::GetBucketLifecycleConfiguration{}, get_lifecycle);
  on_remove(s3::DeleteBucketLifecycle{}, "s3:PutLifecycleConfiguration", "lifecycle");
  on(s3::PutBucketLogging{}, put_logging);
  on(s3::GetBucketLogging{}, get_logging);
  on(s3::PutBucketRequestPayment{}, put_payment);
  on(s3::GetBucketRequestPayment{}, get_payment);
  on(s3::PutBucketAccelerateConfiguration{}, put_acceleration);
  on(s3::GetBucketAccelerateConfiguration{}, get_acceleration);
  on(s3::PutBucketReplication{}, put_replication);
  on(s3::GetBucketReplication{}, get_replication);
  on_remove(s3::DeleteBucketReplication{}, "s3:PutReplicationConfiguration", "replication");
  on(s3::RestoreObject{}, restore);
  on_none(s3::ListBucketAnalyticsConfigurations{}, "s3:GetAnalyticsConfiguration");
  on_none(s3::GetBucketAnalyticsConfiguration{}, "s3:GetAnalyticsConfiguration");
  on_none(s3::ListBucketInventoryConfigurations{}, "s3:GetInventoryConfiguration");
  on_none(s3::GetBucketInventoryConfiguration{}, "s3:GetInventoryConfiguration");
  on_none(s3::ListBucketMetricsConfigurations{}, "s3:GetMetricsConfiguration");
  on_none(s3::GetBucketMetricsConfiguration{}, "s3:GetMetricsConfiguration");
  on_none(s3::ListBucketIntelligentTieringConfigurations{}, "s3:GetIntelligentTieringConfiguration");
  on_none(s3::GetBucketIntelligentTieringConfiguration{}, "s3:GetIntelligentTieringConfiguration");
}

}  // namespace gust::api
