#include "auth/policy.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace gust::auth {
namespace {

using Outcome = Decision::Outcome;

constexpr std::string_view kCanonical = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const Requester kNobody{};
const Requester kRoot{"111122223333", "arn:aws:iam::111122223333:root", kCanonical, {}, {}};
const Requester kAnn{"111122223333", "arn:aws:iam::111122223333:user/ann", kCanonical, {}, {}};
const Requester kWorker{"111122223333", "arn:aws:sts::111122223333:assumed-role/worker/s1", kCanonical, {}, {}};
const Requester kOther{"444455556666", "arn:aws:iam::444455556666:root", "bbbb", {}, {}};
const Requester kLambda{{}, {}, {}, "lambda.amazonaws.com", {}};
const Requester kGoogle{{}, {}, {}, {}, "accounts.google.com"};

Policy parsed(std::string_view statements, std::string_view version = "2012-10-17") {
  const auto text = fmt::format(R"({{"Version": "{}", "Statement": [{}]}})", version, statements);
  auto policy = parse_policy(text, {PolicyKind::kBucket, "b"});
  EXPECT_TRUE(policy.has_value()) << statements << ": " << (policy ? "" : policy.error().message);
  return policy.value();
}

Outcome asked(const Policy& policy, const Requester& who, std::string_view action, std::string_view resource,
              ConditionKeys keys = {}) {
  keys.add(who);
  return evaluate(policy, {who, action, resource, keys}).outcome;
}

Outcome read(const Policy& policy, const Requester& who) {
  return asked(policy, who, "s3:GetObject", "arn:aws:s3:::b/x");
}

TEST(Policy, CoversTheRightPrincipals) {
  struct {
    std::string principal;
    std::vector<const Requester*> covered;
  } const cases[] = {
      {R"("*")", {&kNobody, &kRoot, &kAnn, &kWorker, &kOther, &kLambda, &kGoogle}},
      {R"({"AWS": "*"})", {&kNobody, &kRoot, &kAnn, &kWorker, &kOther, &kLambda, &kGoogle}},
      {R"({"AWS": "111122223333"})", {&kRoot, &kAnn, &kWorker}},
      {R"({"AWS": "arn:aws:iam::111122223333:root"})", {&kRoot, &kAnn, &kWorker}},
      {R"({"AWS": ["444455556666", "111122223333"]})", {&kRoot, &kAnn, &kWorker, &kOther}},
      {R"({"AWS": "arn:aws:iam::111122223333:user/ann"})", {&kAnn}},
      {R"({"AWS": "arn:aws:iam::111122223333:user/Ann"})", {}},
      {R"({"AWS": "arn:aws:iam::111122223333:role/worker"})", {&kWorker}},
      {R"({"AWS": "arn:aws:iam::111122223333:role/path/worker"})", {&kWorker}},
      {R"({"AWS": "arn:aws:iam::111122223333:role/work"})", {}},
      {R"({"AWS": "arn:aws:iam::444455556666:role/worker"})", {}},
      {R"({"AWS": "arn:aws:sts::111122223333:assumed-role/worker/s1"})", {&kWorker}},
      {R"({"AWS": "arn:aws:sts::111122223333:assumed-role/worker/s2"})", {}},
      {fmt::format(R"({{"CanonicalUser": "{}"}})", kCanonical), {&kRoot, &kAnn, &kWorker}},
      {R"({"Service": "lambda.amazonaws.com"})", {&kLambda}},
      {R"({"Service": "s3.amazonaws.com"})", {}},
      {R"({"Federated": "accounts.google.com"})", {&kGoogle}},
      {R"({"AWS": "444455556666", "Service": "lambda.amazonaws.com"})", {&kOther, &kLambda}},
  };
  for (const auto& c : cases) {
    const auto policy = parsed(fmt::format(
        R"({{"Effect": "Allow", "Principal": {}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}})",
        c.principal));
    for (const auto* who : {&kNobody, &kRoot, &kAnn, &kWorker, &kOther, &kLambda, &kGoogle}) {
      const bool covered = std::ranges::find(c.covered, who) != c.covered.end();
      EXPECT_EQ(read(policy, *who) == Outcome::kAllow, covered) << c.principal << " and '" << who->arn << "'";
    }
  }
}

TEST(Policy, DeniesAllButThoseOfNotPrincipal) {
  struct {
    std::string_view principal;
    std::vector<const Requester*> spared;
  } const cases[] = {
      {R"({"AWS": "111122223333"})", {&kRoot}},
      {R"({"AWS": ["arn:aws:iam::111122223333:user/ann", "arn:aws:iam::111122223333:root"]})", {&kAnn, &kRoot}},
      {R"({"AWS": ["arn:aws:iam::111122223333:role/worker", "111122223333"]})", {&kRoot}},
      {R"({"AWS": ["arn:aws:sts::111122223333:assumed-role/worker/s1", "arn:aws:iam::111122223333:role/worker"]})",
       {&kWorker}},
      {R"({"Service": "lambda.amazonaws.com"})", {&kLambda}},
  };
  for (const auto& c : cases) {
    const auto policy = parsed(fmt::format(
        R"({{"Effect": "Deny", "NotPrincipal": {}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}})",
        c.principal));
    for (const auto* who : {&kNobody, &kRoot, &kAnn, &kWorker, &kOther, &kLambda}) {
      const bool spared = std::ranges::find(c.spared, who) != c.spared.end();
      EXPECT_EQ(read(policy, *who), spared ? Outcome::kNone : Outcome::kDeny) << c.principal << " " << who->arn;
    }
  }
}

TEST(Policy, MatchesActionsAndResources) {
  struct {
    std::string_view elements, action, resource;
    bool applies;
  } const cases[] = {
      {R"("Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*")", "s3:GetObject", "arn:aws:s3:::b/a/c:d", true},
      {R"("Action": "S3:getOBJECT", "Resource": "arn:aws:s3:::b/*")", "s3:GetObject", "arn:aws:s3:::b/x", true},
      {R"("Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*")", "s3:GetObjectAcl", "arn:aws:s3:::b/x", false},
      {R"("Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*")", "s3:GetObjectAcl", "arn:aws:s3:::b/x", true},
      {R"("Action": "s3:Get?bject", "Resource": "arn:aws:s3:::b/*")", "s3:GetObject", "arn:aws:s3:::b/x", true},
      {R"("Action": "*", "Resource": "arn:aws:s3:::b")", "s3:ListBucket", "arn:aws:s3:::b", true},
      {R"("Action": "s3:*", "Resource": "arn:aws:s3:::b")", "s3:GetObject", "arn:aws:s3:::b/x", false},
      {R"("Action": "s3:*", "Resource": "arn:aws:s3:::b/*")", "s3:ListBucket", "arn:aws:s3:::b", false},
      {R"("Action": "s3:*", "Resource": "arn:aws:s3:::b/A*")", "s3:GetObject", "arn:aws:s3:::b/a", false},
      {R"("Action": "s3:*", "Resource": "arn:aws:s3:::b/*/x?.jpg")", "s3:GetObject", "arn:aws:s3:::b/1/2/x9.jpg", true},
      {R"("Action": "s3:*", "Resource": "arn:aws:s3:::b/*/x?.jpg")", "s3:GetObject", "arn:aws:s3:::b/1/x.jpg", false},
      {R"("NotAction": "s3:Get*", "Resource": "arn:aws:s3:::b/*")", "s3:PutObject", "arn:aws:s3:::b/x", true},
      {R"("NotAction": "s3:Get*", "Resource": "arn:aws:s3:::b/*")", "s3:GetObject", "arn:aws:s3:::b/x", false},
      {R"("NotAction": ["s3:Get*", "s3:Put*"], "Resource": "arn:aws:s3:::b/*")", "s3:PutObject", "arn:aws:s3:::b/x",
       false},
      {R"("Action": "s3:*", "NotResource": "arn:aws:s3:::b/pub/*")", "s3:GetObject", "arn:aws:s3:::b/x", true},
      {R"("Action": "s3:*", "NotResource": "arn:aws:s3:::b/pub/*")", "s3:GetObject", "arn:aws:s3:::b/pub/x", false},
      {R"("Action": "s3:*", "NotResource": "arn:aws:s3:::b/*")", "s3:ListBucket", "arn:aws:s3:::b", true},
  };
  for (const auto& c : cases) {
    for (const auto* effect : {"Allow", "Deny"}) {
      const auto policy = parsed(fmt::format(R"({{"Effect": "{}", "Principal": "*", {}}})", effect, c.elements));
      const auto applied = effect == std::string_view("Allow") ? Outcome::kAllow : Outcome::kDeny;
      EXPECT_EQ(asked(policy, kNobody, c.action, c.resource), c.applies ? applied : Outcome::kNone)
          << c.elements << " on " << c.action << " " << c.resource;
    }
  }
}

TEST(Policy, HasADenialDecideBeforeAllThatAllow) {
  const auto policy = parsed(R"(
      {"Sid": "all", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"},
      {"Sid": "more", "Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"},
      {"Sid": "not", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/secret/*"})");
  const ConditionKeys keys;
  const auto decide = [&](std::string_view action, std::string_view resource) {
    return evaluate(policy, {kNobody, action, resource, keys});
  };
  const auto allowed = decide("s3:GetObject", "arn:aws:s3:::b/x");
  EXPECT_EQ(allowed.outcome, Outcome::kAllow);
  EXPECT_EQ(allowed.sid(), "all");
  EXPECT_EQ(decide("s3:PutObject", "arn:aws:s3:::b/x").sid(), "more");
  const auto denied = decide("s3:GetObject", "arn:aws:s3:::b/secret/x");
  EXPECT_EQ(denied.outcome, Outcome::kDeny);
  EXPECT_EQ(denied.sid(), "not");
  EXPECT_EQ(denied.statement, &policy.statements[2]);
  const auto none = decide("s3:GetObject", "arn:aws:s3:::c/x");
  EXPECT_EQ(none.outcome, Outcome::kNone);
  EXPECT_EQ(none.statement, nullptr);
  EXPECT_EQ(none.sid(), "");
  EXPECT_EQ(stronger(allowed, denied).sid(), "not");
  EXPECT_EQ(stronger(denied, allowed).sid(), "not");
  EXPECT_EQ(stronger(none, allowed).sid(), "all");
  EXPECT_EQ(stronger(none, none).outcome, Outcome::kNone);
}

TEST(Policy, WantsEveryConditionToHold) {
  const auto policy = parsed(R"(
      {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", "Condition": {
        "IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32"]},
        "NotIpAddress": {"aws:SourceIp": "192.0.2.188/32"},
        "StringLike": {"aws:Referer": "https://example.com/*", "aws:UserAgent": "*Mozilla*"}}})");
  const auto with = [&](std::string ip, std::string referer, std::string agent) {
    ConditionKeys keys;
    keys.add("aws:SourceIp", std::move(ip));
    keys.add("aws:Referer", std::move(referer));
    keys.add("aws:UserAgent", std::move(agent));
    return asked(policy, kNobody, "s3:GetObject", "arn:aws:s3:::b/x", std::move(keys));
  };
  EXPECT_EQ(with("192.0.2.1", "https://example.com/a", "Mozilla/5.0"), Outcome::kAllow);
  EXPECT_EQ(with("2001:db8::1", "https://example.com/a", "Mozilla/5.0"), Outcome::kAllow);
  EXPECT_EQ(with("192.0.2.188", "https://example.com/a", "Mozilla/5.0"), Outcome::kNone);
  EXPECT_EQ(with("192.0.2.1", "https://example.org/a", "Mozilla/5.0"), Outcome::kNone);
  EXPECT_EQ(with("192.0.2.1", "https://example.com/a", "curl"), Outcome::kNone);
  EXPECT_EQ(read(policy, kNobody), Outcome::kNone);
}

TEST(Policy, ReplacesVariablesInTheNewVersionOnly) {
  constexpr std::string_view kStatement =
      R"({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/home/${aws:username}/*"})";
  const auto on = [&](std::string_view version, const Requester& who, std::string_view resource) {
    return asked(parsed(kStatement, version), who, "s3:GetObject", resource);
  };
  EXPECT_EQ(on("2012-10-17", kAnn, "arn:aws:s3:::b/home/ann/x"), Outcome::kAllow);
  EXPECT_EQ(on("2012-10-17", kAnn, "arn:aws:s3:::b/home/bob/x"), Outcome::kNone);
  EXPECT_EQ(on("2012-10-17", kNobody, "arn:aws:s3:::b/home//x"), Outcome::kNone);
  EXPECT_EQ(on("2008-10-17", kAnn, "arn:aws:s3:::b/home/ann/x"), Outcome::kNone);
  EXPECT_EQ(on("2008-10-17", kAnn, "arn:aws:s3:::b/home/${aws:username}/x"), Outcome::kAllow);
}

TEST(Policy, OfARoleIsAboutWhoeverHasIt) {
  const auto policy = parse_policy(R"({"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": ["s3:GetObject", "lambda:*"], "Resource": "*"}]})", {PolicyKind::kIdentity});
  ASSERT_TRUE(policy.has_value());
  EXPECT_EQ(read(*policy, kWorker), Outcome::kAllow);
  EXPECT_EQ(asked(*policy, kWorker, "lambda:InvokeFunction", "arn:aws:lambda:x:1:function:f"), Outcome::kAllow);
  EXPECT_EQ(asked(*policy, kWorker, "s3:PutObject", "arn:aws:s3:::b/x"), Outcome::kNone);
  EXPECT_FALSE(is_public(*policy));
}

TEST(Policy, OfTrustHasNoResource) {
  const auto policy = parse_policy(R"({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
      "Principal": {"Service": "lambda.amazonaws.com"}}})", {PolicyKind::kTrust});
  ASSERT_TRUE(policy.has_value());
  EXPECT_EQ(asked(*policy, kLambda, "sts:AssumeRole", "arn:aws:iam::111122223333:role/worker"), Outcome::kAllow);
  EXPECT_EQ(asked(*policy, kAnn, "sts:AssumeRole", "arn:aws:iam::111122223333:role/worker"), Outcome::kNone);
}

TEST(Policy, IsPublicByPrincipal) {
  const auto is = [](std::string_view effect, std::string_view who) {
    return is_public(parsed(fmt::format(
        R"({{"Effect": "{}", {}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}})", effect, who)));
  };
  EXPECT_TRUE(is("Allow", R"("Principal": "*")"));
  EXPECT_TRUE(is("Allow", R"("Principal": {"AWS": "*"})"));
  EXPECT_TRUE(is("Allow", R"("Principal": {"AWS": ["111122223333", "*"]})"));
  EXPECT_TRUE(is("Allow", R"("Principal": {"Federated": "graph.facebook.com"})"));
  EXPECT_FALSE(is("Allow", R"("Principal": {"AWS": "111122223333"})"));
  EXPECT_FALSE(is("Allow", R"("Principal": {"AWS": "arn:aws:iam::111122223333:role/worker"})"));
  EXPECT_FALSE(is("Allow", R"("Principal": {"Service": "cloudtrail.amazonaws.com"})"));
  EXPECT_FALSE(is("Deny", R"("Principal": "*")"));
  EXPECT_FALSE(is("Deny", R"("NotPrincipal": {"AWS": "111122223333"})"));
}

TEST(Policy, IsPublicUnlessAConditionLimitsItToFixedValues) {
  struct {
    std::string_view condition;
    bool is_public;
  } const cases[] = {
      {R"({"StringEquals": {"aws:SourceVpc": "vpc-91237329"}})", false},
      {R"({"StringLike": {"aws:SourceVpc": "vpc-91237329"}})", false},
      {R"({"StringLike": {"aws:SourceVpc": "vpc-*"}})", true},
      {R"({"StringEquals": {"aws:SourceVpc": ["vpc-1", "vpc-*"]}})", true},
      {R"({"StringEquals": {"aws:SourceVpce": "vpce-1"}})", false},
      {R"({"StringEquals": {"aws:PrincipalOrgID": "o-123"}})", false},
      {R"({"ForAnyValue:StringEquals": {"AWS:principalorgid": "o-123"}})", false},
      {R"({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-123"}})", true},
      {R"({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-123"}})", true},
      {R"({"StringNotEquals": {"aws:PrincipalOrgID": "o-123"}})", true},
      {R"({"StringEquals": {"aws:PrincipalOrgID": "${aws:PrincipalOrgID}"}})", true},
      {R"({"StringEquals": {"aws:PrincipalAccount": "111122223333"}})", false},
      {R"({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/worker"}})", false},
      {R"({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/worker"}})", true},
      {R"({"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:t"}})", false},
      {R"({"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:*:t"}})", true},
      {R"({"StringEquals": {"aws:SourceAccount": "111122223333"}})", false},
      {R"({"StringEquals": {"aws:SourceOwner": "111122223333"}})", false},
      {R"({"StringEquals": {"aws:userid": "111122223333"}})", false},
      {R"({"StringLike": {"aws:userid": "AROAEXAMPLE:*"}})", true},
      {R"({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})", false},
      {R"({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]}})", false},
      {R"({"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}})", true},
      {R"({"IpAddress": {"aws:SourceIp": "8.0.0.0/7"}})", true},
      {R"({"IpAddress": {"aws:SourceIp": "2000::/3"}})", true},
      {R"({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/0"]}})", true},
      {R"({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}})", true},
      {R"({"IpAddress": {"aws:VpcSourceIp": "203.0.113.0/24"}})", true},
      {R"({"StringEquals": {"s3:DataAccessPointAccount": "111122223333"}})", false},
      {R"({"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:111122223333:accesspoint/*"}})", false},
      {R"({"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:*:accesspoint/*"}})", true},
      {R"({"StringEquals": {"aws:Referer": "https://example.com/"}})", true},
      {R"({"Bool": {"aws:SecureTransport": true}})", true},
      {R"({"Null": {"aws:PrincipalOrgID": false}})", true},
      {R"({"StringLike": {"aws:Referer": "*"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}})", false},
  };
  for (const auto& c : cases) {
    const auto policy = parsed(fmt::format(
        R"({{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*",
             "Condition": {}}})", c.condition));
    EXPECT_EQ(is_public(policy), c.is_public) << c.condition;
  }
}

TEST(Policy, IsPublicByOneStatement) {
  const auto policy = parsed(R"(
      {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"},
      {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/pub/*"})");
  EXPECT_TRUE(is_public(policy));
  EXPECT_FALSE(is_public(policy.statements[0]));
  EXPECT_TRUE(is_public(policy.statements[1]));
}

TEST(Policy, NamesTheRequesterOfAPrincipal) {
  Principal principal;
  EXPECT_TRUE(requester(principal).anonymous());
  principal.account = AccountId("111122223333");
  principal.arn = "arn:aws:iam::111122223333:root";
  principal.canonical_id = std::string(kCanonical);
  const auto who = requester(principal);
  EXPECT_FALSE(who.anonymous());
  EXPECT_EQ(who.account, "111122223333");
  EXPECT_EQ(who.arn, principal.arn);
  EXPECT_EQ(who.canonical_id, kCanonical);
}

}  // namespace
}  // namespace gust::auth
