#include "daemon/adapters.h"

#include "codec/json.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <charconv>

namespace gust::daemon {
namespace {

std::string event_name(objects::EventKind kind) {
  switch (kind) {
    case objects::EventKind::kPut:
      return "ObjectCreated:Put";
    case objects::EventKind::kPost:
      return "ObjectCreated:Post";
    case objects::EventKind::kCopy:
      return "ObjectCreated:Copy";
    case objects::EventKind::kCompleteMultipartUpload:
      return "ObjectCreated:CompleteMultipartUpload";
    case objects::EventKind::kDelete:
      return "ObjectRemoved:Delete";
    case objects::EventKind::kDeleteMarker:
      return "ObjectRemoved:DeleteMarkerCreated";
    case objects::EventKind::kTagging:
      return "ObjectTagging:Put";
    case objects::EventKind::kTaggingDelete:
      return "ObjectTagging:Delete";
    case objects::EventKind::kAcl:
      return "ObjectAcl:Put";
    case objects::EventKind::kLifecycleDelete:
      return "LifecycleExpiration:Delete";
    case objects::EventKind::kLifecycleDeleteMarker:
      return "LifecycleExpiration:DeleteMarkerCreated";
  }
  return "ObjectCreated:Put";
}

}  // namespace

Result<void> ObjectEvents::append(kv::Transaction& tx, const objects::ObjectEvent& event) {
  events::ObjectRecord record;
  record.name = event_name(event.kind);
  record.bucket = event.bucket.name.str();
  record.bucket_owner = event.bucket.owner.str();
  record.region = event.bucket.region;
  record.configuration = event.bucket.configuration("notification");
  record.key = event.object.key.str();
  record.size = event.object.size;
  record.etag = event.object.etag;
  record.sequence = event.object.sequence;
  record.at = event.at;
  record.request_id = event.request_id.str();
  record.source_ip = event.source_ip;
  record.requester = event.requester.str();
  record.trace_id = event.trace_id;
  if (event.bucket.versioning != objects::Versioning::kNever)
    record.version_id = event.object.version_id.empty() ? "null" : event.object.version_id;
  return outbox_->append(tx, std::move(record));
}

Result<void> FunctionTarget::enqueue(kv::Transaction& tx, const std::string& target_arn, std::string payload,
                                     const std::string& event_id, const std::string& trace_id) {
  const auto ref = functions::parse_function_name(target_arn, "", AccountId(std::string(kDefaultAccount)));
  if (!ref) return fail(Code::kNotFound, ref.error().message);
  return invoker_.enqueue(tx, {event_id, *ref, std::move(payload), trace_id});
}

async::Task<void> FunctionTargets::check(std::string arn, BucketName bucket, AccountId owner) {
  GUST_CO_TRY(const auto ref, functions::parse_function_name(arn, "", owner));
  GUST_CO_CHECK(co_await registry_.resolve(ref));
  GUST_CO_TRY(const bool allowed,
              co_await registry_.allows(ref, "s3.amazonaws.com", "arn:aws:s3:::" + bucket.str(), owner.str()));
  if (!allowed)
    co_return fail(
        Code::kDenied,
        fmt::format("{}: the function's policy does not let s3.amazonaws.com invoke it for this bucket", arn));
  co_return Result<void>{};
}

async::Task<std::string> BucketCode::read(RequestContext context, std::string bucket, std::string key,
                                          std::size_t limit) {
  GUST_CO_TRY(const auto owner, co_await store_.bucket(BucketName(bucket)));
  if (owner.owner != context.principal.account) co_return fail(Code::kDenied, "Access Denied", "bucket");
  GUST_CO_TRY(const auto object, co_await store_.get(BucketName(bucket), ObjectKey(key)));
  if (object.size > limit)
    co_return fail(Code::kTooLarge, fmt::format("the package has {} bytes, {} at most", object.size, limit), "zip");
  GUST_CO_TRY(auto source, co_await store_.open(object, 0, object.size));
  co_return co_await async::read_all(*source, limit);
}

async::Task<void> BucketRecords::check(AccountId account, std::string bucket) {
  GUST_CO_TRY(const auto found, co_await store_.bucket(BucketName(bucket)));
  if (found.owner != account) co_return fail(Code::kDenied, "Access Denied", "bucket");
  co_return Result<void>{};
}

async::Task<void> BucketRecords::put(RequestContext context, std::string bucket, std::string key, std::string record) {
  GUST_CO_CHECK(co_await check(context.principal.account, bucket));
  objects::PutRequest request;
  request.bucket = BucketName(bucket);
  request.key = ObjectKey(std::move(key));
  request.attributes.headers["content-type"] = "application/json";
  request.origin = {context.request_id, "", context.principal.account, context.trace.xray()};
  auto body = async::from_string(std::move(record));
  GUST_CO_CHECK(co_await store_.put(std::move(request), std::move(body)));
  co_return Result<void>{};
}

async::Task<std::uint32_t> ProvisionedCapacity::get(scaling::Resource resource) {
  GUST_CO_TRY(const auto ref, functions::parse_function_name(resource.id, "", resource.account));
  GUST_CO_CHECK(co_await registry_.get_version(ref));
  GUST_CO_TRY(const auto all, co_await registry_.provisions(ref.key));
  for (const auto& provision : all) {
    if (provision.ref == ref) co_return provision.requested;
  }
  co_return 0;
}

async::Task<void> ProvisionedCapacity::set(scaling::Resource resource, std::uint32_t number) {
  GUST_CO_TRY(const auto ref, functions::parse_function_name(resource.id, "", resource.account));
  if (number == 0) co_return co_await registry_.unprovision(ref);
  GUST_CO_CHECK(co_await registry_.provision(ref, number, invoker_.account_concurrency()));
  co_return Result<void>{};
}

async::Task<std::optional<double>> ProvisionedUtilisation::now(scaling::Resource resource) {
  GUST_CO_TRY(const auto ref, functions::parse_function_name(resource.id, "", resource.account));
  const auto function = co_await registry_.get_version(ref);
  if (!function) co_return std::nullopt;
  const functions::FunctionRef version{ref.key, function->version};
  const auto status = invoker_.provisioned(version);
  if (status.allocated == 0) co_return std::nullopt;
  co_return static_cast<double>(status.busy) / status.allocated;
}

async::Task<gateway::IntegrationReply> FunctionIntegration::invoke(RequestContext context, std::string function_arn,
                                                                   std::string payload, std::string source_arn) {
  const auto source = Arn::parse(source_arn);
  const AccountId account(source ? source->account : std::string(kDefaultAccount));
  GUST_CO_TRY(const auto ref, functions::parse_function_name(function_arn, "", account));
  GUST_CO_TRY(const bool allowed,
              co_await registry_.allows(ref, "apigateway.amazonaws.com", source_arn, account.str()));
  if (!allowed)
    co_return fail(Code::kDenied,
                   fmt::format("the policy of function {} does not let apigateway.amazonaws.com invoke it from {}",
                               ref.key.name, source_arn));
  functions::Invocation invocation;
  invocation.payload = std::move(payload);
  invocation.max_payload_bytes = 16 << 20;  // 10 MiB of body as base64, and the rest of the event
  invocation.max_response_bytes = 16 << 20;
  GUST_CO_TRY(auto result, co_await invoker_.invoke(std::move(context), ref, std::move(invocation)));
  const auto outcome = result.function_error.empty() ? gateway::Outcome::kAnswered : gateway::Outcome::kFailed;
  co_return gateway::IntegrationReply{std::move(result.payload), outcome};
}

namespace {

sites::Website::RoutingRule routing_rule(const boost::json::value& rule) {
  const auto member = [&](std::string_view outer, std::string_view inner) -> const boost::json::string* {
    const auto* object = rule.is_object() ? rule.get_object().if_contains(outer) : nullptr;
    const auto* value = object != nullptr && object->is_object() ? object->get_object().if_contains(inner) : nullptr;
    return value != nullptr ? value->if_string() : nullptr;
  };
  const auto text = [&](std::string_view outer, std::string_view inner) {
    const auto* found = member(outer, inner);
    return found != nullptr ? std::string(*found) : std::string();
  };
  const auto number = [&](std::string_view outer, std::string_view inner, int otherwise) {
    const auto digits = text(outer, inner);
    int out = otherwise;
    std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return out;
  };
  return {.key_prefix = text("Condition", "KeyPrefixEquals"),
          .error_status = number("Condition", "HttpErrorCodeReturnedEquals", 0),
          .host = text("Redirect", "HostName"),
          .protocol = text("Redirect", "Protocol"),
          .replace_prefix = text("Redirect", "ReplaceKeyPrefixWith"),
          .replace_key = text("Redirect", "ReplaceKeyWith"),
          .replaces_prefix = member("Redirect", "ReplaceKeyPrefixWith") != nullptr,
          .status = number("Redirect", "HttpRedirectCode", 301)};
}

}  // namespace

async::Task<sites::Website> BucketSites::website(BucketName name) {
  GUST_CO_TRY(const auto bucket, co_await store_.bucket(name));
  const auto configuration = bucket.configuration("website");
  if (configuration.empty())
    co_return fail(Code::kNotFound, fmt::format("The bucket {} has no website configuration", name), "website");
  GUST_CO_TRY(const auto document, codec::parse_json(configuration));
  const auto text = [&](const char* outer, const char* inner) -> std::string {
    const auto* object = document.is_object() ? document.get_object().if_contains(outer) : nullptr;
    const auto* value = object != nullptr && object->is_object() ? object->get_object().if_contains(inner) : nullptr;
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  sites::Website out;
  out.index_suffix = text("IndexDocument", "Suffix");
  out.error_key = text("ErrorDocument", "Key");
  if (const auto host = text("RedirectAllRequestsTo", "HostName"); !host.empty()) {
    out.redirect_all = sites::Website::RedirectAll{host, text("RedirectAllRequestsTo", "Protocol")};
  }
  const auto* rules = document.is_object() ? document.get_object().if_contains("RoutingRules") : nullptr;
  if (rules != nullptr && rules->is_array()) {
    for (const auto& rule : rules->get_array()) out.routing_rules.push_back(routing_rule(rule));
  }
  co_return out;
}

async::Task<sites::Found> BucketSites::get(RequestContext, BucketName bucket, ObjectKey key) {
  GUST_CO_TRY(auto object, co_await store_.get(std::move(bucket), std::move(key)));
  // A browser brings no key.
  if (!objects::check_customer_key(object.encryption, std::nullopt))
    co_return fail(Code::kDenied, "Access Denied", "customer key");
  sites::Found out;
  out.headers = object.headers;
  out.etag = object.etag;
  out.size = object.size;
  out.modified_at = object.modified_at;
  out.open = [this, object](std::uint64_t offset, std::uint64_t length) { return store_.open(object, offset, length); };
  co_return out;
}

}  // namespace gust::daemon
