#include "auth/authenticator.h"

#include "async/testing.h"
#include "auth/authorize.h"
#include "auth/sign.h"
#include "codec/digest.h"
#include "codec/url.h"
#include "kv/memory/memory_store.h"

#include <gtest/gtest.h>

#include <map>

namespace gust::auth {
namespace {

using async::testing::run;

class AuthenticatorTest : public testing::Test {
 protected:
  AuthenticatorTest() {
    NewAccount wanted{.id = "111122223333", .canonical_id = {}, .name = "one", .keys = keys_};
    canonical_id_ = run([&] { return accounts_.create(wanted); }).value().account.canonical_id;
    sessions_ = run([&] { return Sessions::open(store_, random_, clock_); }).value();
    authenticator_ = std::make_unique<Authenticator>(accounts_, *sessions_, clock_, AuthSettings{});
  }

  static http::Request request(std::string method, std::string path, std::string body = {}) {
    http::Request out;
    out.method = std::move(method);
    out.path = path;
    out.target = std::move(path);
    out.headers.add("Host", "127.0.0.1:4566");
    out.peer = "127.0.0.1";
    out.content_length = body.size();
    out.body = async::from_string(std::move(body));
    return out;
  }
  SignOptions options(std::string service = "s3", std::string hash = std::string(kEmptyHash)) const {
    return {std::move(service), "eu-north-1", clock_.now(), std::move(hash)};
  }
  Result<Principal> who(http::Request& request, std::string service = {}) {
    return run([&] { return authenticator_->authenticate(RequestContext{}, request, service); });
  }
  std::string refusal(http::Request& request, std::string service = {}) {
    const auto out = who(request, std::move(service));
    return out ? "accepted" : out.error().source;
  }
  static Result<std::string> body_of(http::Request& request) {
    return run([&] { return async::read_all(*request.body, 1 << 20); });
  }

  env::FakeClock clock_;
  env::SeededRandom random_{7};
  kv::MemoryStore store_;
  Accounts accounts_{store_, random_, clock_};
  Keys keys_{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", {}};
  std::string canonical_id_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<Authenticator> authenticator_;
};

TEST_F(AuthenticatorTest, SignedHeader) {
  auto r = request("GET", "/b/a%20key//x");
  r.query = "list-type=2&prefix=a%2Fb";
  ASSERT_TRUE(sign(r, keys_, options()));
  const auto principal = who(r, "s3");
  ASSERT_TRUE(principal) << principal.error().message;
  EXPECT_EQ(principal->account.str(), "111122223333");
  EXPECT_EQ(principal->arn, "arn:aws:iam::111122223333:root");
  EXPECT_EQ(principal->canonical_id, canonical_id_);
}

TEST_F(AuthenticatorTest, UnsignedIsAnonymous) {
  auto r = request("GET", "/b/k");
  EXPECT_TRUE(who(r).value().anonymous());
}

TEST_F(AuthenticatorTest, AnyChangeIsSeen) {
  const auto after = [&](auto change) {
    auto r = request("GET", "/b/k");
    r.headers.add("X-Amz-Meta-A", "1");
    EXPECT_TRUE(sign(r, keys_, options()));
    change(r);
    return refusal(r, "s3");
  };
  EXPECT_EQ(after([](auto&) {}), "accepted");
  EXPECT_EQ(after([](auto& r) { r.path = "/b/other"; }), "signature");
  EXPECT_EQ(after([](auto& r) { r.query = "acl"; }), "signature");
  EXPECT_EQ(after([](auto& r) { r.method = "PUT"; }), "signature");
  EXPECT_EQ(after([](auto& r) { r.headers.set("host", "elsewhere"); }), "signature");
  EXPECT_EQ(after([](auto& r) { r.headers.set("x-amz-meta-a", "2"); }), "signature");
  EXPECT_EQ(after([](auto& r) { r.headers.add("x-amz-acl", "public-read"); }), "unsigned-header");
  EXPECT_EQ(after([](auto& r) { r.headers.set("X-Amz-Content-Sha256", std::string(kUnsignedPayload)); }), "signature");
  EXPECT_EQ(after([](auto& r) { r.headers.erase("X-Amz-Content-Sha256"); }), "content-sha256");
}

TEST_F(AuthenticatorTest, WhoIsNotKnown) {
  auto r = request("GET", "/");
  ASSERT_TRUE(sign(r, {"AKIAIOSFODNN7EXAMPLF", keys_.secret, {}}, options()));
  EXPECT_EQ(refusal(r), "access-key");
  r = request("GET", "/");
  ASSERT_TRUE(sign(r, {keys_.access_key_id, "another secret", {}}, options()));
  EXPECT_EQ(refusal(r), "signature");
}

TEST_F(AuthenticatorTest, WrongServiceIsRefused) {
  auto r = request("GET", "/");
  ASSERT_TRUE(sign(r, keys_, options("lambda")));
  EXPECT_EQ(refusal(r, "s3"), "authorization");
  EXPECT_EQ(refusal(r, "lambda"), "accepted");
}

TEST_F(AuthenticatorTest, ClockSkew) {
  auto r = request("GET", "/");
  ASSERT_TRUE(sign(r, keys_, options()));
  clock_.advance(Millis(15 * 60 * 1000));
  EXPECT_EQ(refusal(r), "accepted");
  clock_.advance(Millis(1000));
  EXPECT_EQ(refusal(r), "clock-skew");
  r = request("GET", "/");
  auto future = options();
  future.now += Millis(16 * 60 * 1000);
  ASSERT_TRUE(sign(r, keys_, future));
  EXPECT_EQ(refusal(r), "clock-skew");
}

TEST_F(AuthenticatorTest, PresignedUrlsExpire) {
  auto r = request("PUT", "/b/k", "content");
  r.query = "x-id=PutObject";
  ASSERT_TRUE(presign(r, keys_, options(), Millis(60'000)));
  EXPECT_EQ(who(r, "s3").value().account.str(), "111122223333");
  EXPECT_EQ(body_of(r).value(), "content");
  clock_.advance(Millis(60'000));
  EXPECT_EQ(refusal(r), "accepted");
  clock_.advance(Millis(1'000));
  EXPECT_EQ(refusal(r), "expired");
  r = request("PUT", "/b/k");
  ASSERT_TRUE(presign(r, keys_, options(), Millis(60'000)));
  r.query += "&versionId=1";
  EXPECT_EQ(refusal(r), "signature");
}

// The example of the S3 developer guide, "Query string request authentication".
TEST_F(AuthenticatorTest, PresignedVersion2) {
  auto r = request("GET", "/photos/puppy.jpg");
  r.headers.set("Host", "awsexamplebucket1.s3.us-west-1.amazonaws.com");
  const QueryV2 query{"AKIAIOSFODNN7EXAMPLE", "", "1175139620", from_epoch_ms(1'175'139'620'000), ""};
  const auto right = signatures_v2(r, query, keys_.secret).value();
  ASSERT_EQ(right.size(), 2u);
  const auto use = [&](const std::string& signature, std::string_view expires) {
    auto q = request("GET", "/photos/puppy.jpg");
    q.headers.set("Host", "awsexamplebucket1.s3.us-west-1.amazonaws.com");
    q.query = fmt::format("AWSAccessKeyId={}&Expires={}&Signature={}", keys_.access_key_id, expires,
                          codec::percent_encode(signature));
    return refusal(q, "s3");
  };
  EXPECT_EQ(use(right[1], "1175139620"), "expired");
  const auto later = fmt::format("{}", to_epoch_ms(clock_.now()) / 1000 + 60);
  EXPECT_EQ(use(right[1], later), "signature");
  const auto now_right = signatures_v2(r, {keys_.access_key_id, "", later, {}, ""}, keys_.secret).value();
  EXPECT_EQ(use(now_right[0], later), "accepted");
  EXPECT_EQ(use(now_right[1], later), "accepted");
  EXPECT_EQ(use(now_right[1], "soon"), "authorization-query");
}

TEST_F(AuthenticatorTest, BodyHashIsCheckedWhenItIsRead) {
  auto r = request("PUT", "/b/k", "content");
  ASSERT_TRUE(sign(r, keys_, options("s3", codec::sha256_hex("content"))));
  ASSERT_TRUE(who(r));
  EXPECT_EQ(body_of(r).value(), "content");
  r = request("PUT", "/b/k", "changed");
  ASSERT_TRUE(sign(r, keys_, options("s3", codec::sha256_hex("content"))));
  ASSERT_TRUE(who(r));
  EXPECT_EQ(body_of(r).error().source, "content-sha256");
  r = request("PUT", "/b/k", "content");
  ASSERT_TRUE(sign(r, keys_, options("s3", "nonsense")));
  EXPECT_EQ(refusal(r), "content-sha256");
}

// botocore signs the hash of a JSON body without sending it.
TEST_F(AuthenticatorTest, BodyIsHashedWhenItsHashIsNotSent) {
  const auto make = [&](std::string body) {
    auto r = request("POST", "/2015-03-31/functions/f/invocations", std::move(body));
    const auto timestamp = "20231114T221320Z";
    r.headers.add("X-Amz-Date", timestamp);
    const Scope scope{"20231114", "us-east-1", "lambda"};
    r.headers.add(
        "Authorization",
        authorization_header(r, keys_, scope, timestamp, {"host", "x-amz-date"}, codec::sha256_hex("{}")).value());
    return r;
  };
  auto r = make("{}");
  EXPECT_EQ(refusal(r, "lambda"), "accepted");
  EXPECT_EQ(body_of(r).value(), "{}");
  r = make("{ }");
  EXPECT_EQ(refusal(r, "lambda"), "signature");
  r = make(std::string(2000, ' '));
  authenticator_ =
      std::make_unique<Authenticator>(accounts_, *sessions_, clock_, AuthSettings{.max_hashed_body = 1000});
  EXPECT_EQ(refusal(r, "lambda"), "body");
}

TEST_F(AuthenticatorTest, AwsChunkedBody) {
  auto r = request("PUT", "/b/k", "7\r\ncontent\r\n0\r\nx-amz-checksum-crc32:+9DwvA==\r\n\r\n");
  r.headers.add("Content-Encoding", "aws-chunked, gzip");
  r.headers.add("x-amz-decoded-content-length", "7");
  r.headers.add("x-amz-trailer", "x-amz-checksum-crc32");
  ASSERT_TRUE(sign(r, keys_, options("s3", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")));
  ASSERT_TRUE(who(r));
  EXPECT_EQ(r.content_length, 7u);
  EXPECT_EQ(r.headers.get("content-encoding"), "gzip");
  const auto body = body_of(r);
  EXPECT_EQ(body.error().source, "trailer-checksum");
  r = request("PUT", "/b/k", "0\r\n\r\n");
  ASSERT_TRUE(sign(r, keys_, options("s3", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")));
  EXPECT_EQ(refusal(r), "decoded-length");
}

TEST_F(AuthenticatorTest, Sessions) {
  const AccountId account("111122223333");
  auto session =
      sessions_->issue(account, canonical_id_, "arn:aws:iam::111122223333:role/svc/fn", "my-fn", Millis(3'600'000));
  ASSERT_TRUE(session) << session.error().message;
  const auto signed_by = [&](const Keys& keys) {
    auto r = request("GET", "/");
    EXPECT_TRUE(sign(r, keys, options()));
    return r;
  };
  auto r = signed_by(session->keys);
  EXPECT_EQ(who(r).value().arn, "arn:aws:sts::111122223333:assumed-role/fn/my-fn");
  auto other = session->keys;
  other.session_token[40] = other.session_token[40] == 'A' ? 'B' : 'A';
  r = signed_by(other);
  EXPECT_EQ(refusal(r), "token");
  other = session->keys;
  other.session_token.clear();
  r = signed_by(other);
  EXPECT_EQ(refusal(r), "access-key");
  r = signed_by({keys_.access_key_id, keys_.secret, session->keys.session_token});
  EXPECT_EQ(refusal(r), "token");
  // The keys live on over a restart.
  sessions_ = run([&] { return Sessions::open(store_, random_, clock_); }).value();
  authenticator_ = std::make_unique<Authenticator>(accounts_, *sessions_, clock_, AuthSettings{});
  r = signed_by(session->keys);
  EXPECT_EQ(refusal(r), "accepted");
  clock_.advance(Millis(3'600'000));
  r = signed_by(session->keys);
  EXPECT_EQ(refusal(r), "token-expired");
  EXPECT_EQ(sessions_->issue(account, "", "arn:aws:iam::1:user/x", "name", Millis(1)).error().source, "role");
  EXPECT_EQ(sessions_->issue(account, "", "arn:aws:iam::1:role/x", "a name", Millis(1)).error().source, "session-name");
}

TEST_F(AuthenticatorTest, DevKeysOnlyInDevAndOnLoopback) {
  NewAccount root{.id = std::string(kDefaultAccount), .canonical_id = {}, .name = "root", .keys = {}};
  ASSERT_TRUE(run([&] { return accounts_.create(root); }));
  const auto attempt = [&](std::string peer) {
    auto r = request("GET", "/");
    r.peer = std::move(peer);
    EXPECT_TRUE(sign(r, {"test", "test", {}}, options()));
    return refusal(r);
  };
  EXPECT_EQ(attempt("127.0.0.1"), "access-key");
  authenticator_ =
      std::make_unique<Authenticator>(accounts_, *sessions_, clock_, AuthSettings{.dev_keys = DevKeys::kOnLoopback});
  EXPECT_EQ(attempt("127.0.0.1"), "accepted");
  EXPECT_EQ(attempt("::1"), "accepted");
  EXPECT_EQ(attempt("192.168.1.5"), "access-key");
}

TEST(Authorize, OwnAccountOnly) {
  RequestContext context;
  const AccountId owner("111122223333");
  const Resource bucket{"arn:aws:s3:::b", owner};
  EXPECT_EQ(authorize(context, "s3:GetObject", bucket).error().source, "anonymous");
  context.principal = {AccountId("444455556666"), "AKID", "arn:aws:iam::444455556666:root", ""};
  EXPECT_EQ(authorize(context, "s3:GetObject", bucket).error().source, "policy");
  context.principal.account = owner;
  EXPECT_TRUE(authorize(context, "s3:GetObject", bucket));
}

TEST_F(AuthenticatorTest, Forms) {
  std::map<std::string, std::string, std::less<>> fields;
  const auto parse = [&] {
    return parse_form_signature([&](std::string_view name) -> std::optional<std::string> {
      const auto it = fields.find(name);
      return it == fields.end() ? std::nullopt : std::optional(it->second);
    });
  };
  const auto signer = [&]() -> std::string {
    auto form = parse();
    if (!form) return form.error().source;
    if (!*form) return "unsigned";
    const auto out = run([&] { return authenticator_->authenticate_form(**form, "127.0.0.1"); });
    return out ? out->account.str() : out.error().source;
  };
  EXPECT_EQ(signer(), "unsigned");
  fields = {{"policy", "eyJ9"}, {"awsaccesskeyid", keys_.access_key_id}};
  EXPECT_EQ(signer(), "Signature");
  fields["signature"] = policy_signature_v2("eyJ9", keys_.secret);
  EXPECT_EQ(signer(), "111122223333");
  fields["policy"] = "eyJ8";
  EXPECT_EQ(signer(), "signature");

  const Scope scope{"20151229", "us-east-1", "s3"};
  const auto v4 = [&](const Keys& keys) {
    fields = {{"policy", "eyJ9"},
              {"x-amz-algorithm", std::string(kAlgorithm)},
              {"x-amz-credential", keys.access_key_id + "/" + scope.str()},
              {"x-amz-date", "20151229T000000Z"},
              {"x-amz-signature", signature(signing_key(keys.secret, scope), "eyJ9")}};
    if (!keys.session_token.empty()) fields["x-amz-security-token"] = keys.session_token;
    return signer();
  };
  EXPECT_EQ(v4(keys_), "111122223333");
  EXPECT_EQ(v4({keys_.access_key_id, "another", {}}), "signature");
  EXPECT_EQ(v4({"AKIANOBODY", keys_.secret, {}}), "access-key");
  const auto session = sessions_->issue(AccountId("111122223333"), canonical_id_, "arn:aws:iam::111122223333:role/r",
                                        "name", Millis(3'600'000));
  ASSERT_TRUE(session);
  EXPECT_EQ(v4(session->keys), "111122223333");
  EXPECT_EQ(v4({keys_.access_key_id, keys_.secret, session->keys.session_token}), "token");
  v4(keys_);
  for (const auto* credential : {"", "x", "/20151229/us-east-1/s3/aws4_request", "k/2015/us-east-1/s3/aws4_request",
                                 "k/20151229/us-east-1/sqs/aws4_request", "k/20151229//s3/aws4_request"}) {
    fields["x-amz-credential"] = credential;
    EXPECT_EQ(signer(), "X-Amz-Credential") << credential;
  }
}

TEST_F(AuthenticatorTest, KeysAreCheckedByTheirSecretItself) {
  const auto check = [&](Keys keys) { return run([&] { return authenticator_->check_keys(keys, "127.0.0.1"); }); };
  const auto right = check(keys_);
  ASSERT_TRUE(right);
  EXPECT_EQ(right->arn, "arn:aws:iam::111122223333:root");
  EXPECT_EQ(right->canonical_id, canonical_id_);
  const auto wrong = check({keys_.access_key_id, keys_.secret + "x", {}});
  const auto unknown = check({"AKIANOBODY0000000000", keys_.secret, {}});
  const auto empty = check({keys_.access_key_id, "", {}});
  for (const auto& refused : {wrong, unknown, empty}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), wrong.error());  // none says which of the two is wrong
  }
  EXPECT_FALSE(check({"test", "test", {}}));
}

}  // namespace
}  // namespace gust::auth
