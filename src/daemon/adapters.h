// Adapters: what one module asks for, given by another. Loop thread only, but for what runs in a transaction.
#pragma once

#include "api/lambda/service.h"
#include "api/s3/service.h"
#include "events/outbox.h"
#include "functions/async_invoker.h"
#include "functions/invoker.h"
#include "functions/registry.h"
#include "gateway/integration.h"
#include "objects/object_store.h"
#include "scaling/capacity.h"
#include "sites/content.h"

#include <memory>

namespace gust::daemon {

// Object events into the outbox. Made before the outbox, which needs the store's users; attach() closes the circle.
class ObjectEvents final : public objects::Outbox {
 public:
  void attach(events::Outbox& outbox) { outbox_ = &outbox; }
  Result<void> append(kv::Transaction& tx, const objects::ObjectEvent& event) override;
  void notify() override { outbox_->notify(); }

 private:
  events::Outbox* outbox_ = nullptr;
};

// Events into asynchronous invocations.
class FunctionTarget final : public events::Target {
 public:
  explicit FunctionTarget(functions::AsyncInvoker& invoker) : invoker_(invoker) {}
  Result<void> enqueue(kv::Transaction& tx, const std::string& target_arn, std::string payload,
                       const std::string& event_id, const std::string& trace_id) override;
  void notify() override { invoker_.notify(); }

 private:
  functions::AsyncInvoker& invoker_;
};

// Whether a bucket may notify a function.
class FunctionTargets final : public api::NotificationTargets {
 public:
  explicit FunctionTargets(functions::Registry& registry) : registry_(registry) {}
  async::Task<void> check(std::string arn, BucketName bucket, AccountId owner) override;

 private:
  functions::Registry& registry_;
};

// Function packages in buckets.
class BucketCode final : public api::CodeSource {
 public:
  explicit BucketCode(objects::ObjectStore& store) : store_(store) {}
  async::Task<std::string> read(RequestContext context, std::string bucket, std::string key,
                                std::size_t limit) override;

 private:
  objects::ObjectStore& store_;
};

// Destinations of asynchronous invocations that are buckets.
class BucketRecords final : public functions::RecordStore {
 public:
  explicit BucketRecords(objects::ObjectStore& store) : store_(store) {}
  async::Task<void> check(AccountId account, std::string bucket) override;
  async::Task<void> put(RequestContext context, std::string bucket, std::string key, std::string record) override;

 private:
  objects::ObjectStore& store_;
};

// Provisioned concurrency as a number to scale.
class ProvisionedCapacity final : public scaling::Capacity {
 public:
  ProvisionedCapacity(functions::Registry& registry, functions::Invoker& invoker)
      : registry_(registry), invoker_(invoker) {}
  async::Task<std::uint32_t> get(scaling::Resource resource) override;
  async::Task<void> set(scaling::Resource resource, std::uint32_t number) override;

 private:
  functions::Registry& registry_;
  functions::Invoker& invoker_;
};

// The share of its instances that run an invocation.
class ProvisionedUtilisation final : public scaling::Utilisation {
 public:
  ProvisionedUtilisation(functions::Registry& registry, functions::Invoker& invoker)
      : registry_(registry), invoker_(invoker) {}
  async::Task<std::optional<double>> now(scaling::Resource resource) override;

 private:
  functions::Registry& registry_;
  functions::Invoker& invoker_;
};

// HTTP APIs into functions, as the function's policy allows.
class FunctionIntegration final : public gateway::Integration {
 public:
  FunctionIntegration(functions::Registry& registry, functions::Invoker& invoker)
      : registry_(registry), invoker_(invoker) {}
  async::Task<gateway::IntegrationReply> invoke(RequestContext context, std::string function_arn, std::string payload,
                                                std::string source_arn) override;

 private:
  functions::Registry& registry_;
  functions::Invoker& invoker_;
};

// Sites from buckets: a website configuration is what makes a bucket's objects public (docs/decisions/0003).
class BucketSites final : public sites::Content {
 public:
  explicit BucketSites(objects::ObjectStore& store) : store_(store) {}
  async::Task<sites::Found> get(RequestContext context, BucketName bucket, ObjectKey key) override;
  async::Task<sites::Website> website(BucketName bucket) override;

 private:
  objects::ObjectStore& store_;
};

}  // namespace gust::daemon
