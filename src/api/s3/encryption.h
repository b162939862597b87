// Server-side encryption on the wire: the headers of requests and answers. The keys of KMS are not served. Any thread.
// Source: "Protecting data with server-side encryption" and the API reference, S3.
#pragma once

#include "api/s3/shared.h"

namespace gust::api {

struct CustomerHeaders {
  const std::optional<std::string>& algorithm;
  const std::optional<std::string>& key;
  const std::optional<std::string>& key_md5;
};
// The client's key, checked; nothing when there is none.
wire::Reply<objects::CustomerKey> parse_customer_key(const wire::Call& call, const CustomerHeaders& headers);

// What a request asks for an object's encryption. Faults: what is wrong or not served, and what the bucket blocks.
struct EncryptionHeaders {
  const std::optional<std::string>& method;
  const std::optional<std::string>& kms_key;
  const std::optional<std::string>& kms_context;
  CustomerHeaders customer;
};
wire::Reply<objects::CustomerKey> parse_encryption(const wire::Call& call, const objects::Bucket& bucket,
                                                   const EncryptionHeaders& headers);

template <typename Request>
wire::Reply<objects::CustomerKey> encryption_asked(const wire::Call& call, const objects::Bucket& bucket,
                                                   const Request& r) {
  return parse_encryption(call, bucket,
                          {r.server_side_encryption,
                           r.ssekms_key_id,
                           r.ssekms_encryption_context,
                           {r.sse_customer_algorithm, r.sse_customer_key, r.sse_customer_key_md5}});
}

// Of requests that read, and of those about parts: there the service refuses the header that names a method.
template <typename Request>
wire::Reply<objects::CustomerKey> customer_key_of(const wire::Call& call, const Request& r) {
  if (const auto method = call.headers.get("x-amz-server-side-encryption")) {
    return wire::fault("InvalidArgument", "x-amz-server-side-encryption header is not supported for this operation.",
                       {{"ArgumentName", "x-amz-server-side-encryption"}, {"ArgumentValue", std::string(*method)}},
                       400);
  }
  return parse_customer_key(call, {r.sse_customer_algorithm, r.sse_customer_key, r.sse_customer_key_md5});
}

template <typename Request>
wire::Reply<objects::CustomerKey> source_key_of(const wire::Call& call, const Request& r) {
  return parse_customer_key(
      call, {r.copy_source_sse_customer_algorithm, r.copy_source_sse_customer_key, r.copy_source_sse_customer_key_md5});
}

// What answers say of it.
template <typename Output>
void set_encryption(const objects::Encryption& encryption, const objects::CustomerKey& key, Output& out) {
  if (encryption.kind == objects::EncryptionKind::kStore) out.server_side_encryption = "AES256";
  if constexpr (requires { out.sse_customer_algorithm; }) {
    if (encryption.kind != objects::EncryptionKind::kCustomer || !key) return;
    out.sse_customer_algorithm = "AES256";
    out.sse_customer_key_md5 = codec::to_base64(codec::digest(codec::DigestKind::kMd5, key->text()));
  }
}

}  // namespace gust::api
