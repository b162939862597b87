#include "auth/policy.h"

#include "auth/policy_actions.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

namespace gust::auth {
namespace {

const PolicyRules kBucket{PolicyKind::kBucket, "b"};

// A document with this statement; of which every element is there that a bucket's policy needs.
std::string document(std::string_view statement) {
  return fmt::format(R"({{"Version": "2012-10-17", "Statement": [{}]}})", statement);
}

std::string with(std::string_view elements) {
  return document(fmt::format(R"({{"Effect": "Deny", "Principal": "*", {}}})", elements));
}

std::string principal(std::string_view value) {
  return document(fmt::format(
      R"({{"Effect": "Allow", "Principal": {}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}})", value));
}

std::string action_on(std::string_view action, std::string_view resource) {
  return with(fmt::format(R"("Action": {}, "Resource": {})", action, resource));
}

std::string conditioned(std::string_view action, std::string_view condition) {
  return with(fmt::format(R"("Action": {}, "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"], "Condition": {})",
                          action, condition));
}

std::string message_of(std::string_view text, const PolicyRules& rules) {
  const auto policy = parse_policy(text, rules);
  if (policy) return "taken";
  EXPECT_EQ(policy.error().code, Code::kInvalid);
  EXPECT_EQ(policy.error().source, "policy");
  return policy.error().message;
}

TEST(PolicyParse, ReadsEveryElement) {
  const auto policy = parse_policy(R"({
    "Version": "2008-10-17",
    "Id": "one two",
    "Statement": [
      {"Sid": "first one", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject",
       "Resource": "arn:aws:s3:::b/*", "Condition": {"Bool": {"aws:SecureTransport": true}, "NumericEquals": {
       "s3:TlsVersion": [1.2, "1.3"]}}},
      {"Effect": "Deny", "NotPrincipal": {"AWS": ["111122223333"]}, "NotAction": ["s3:Get*"],
       "NotResource": ["arn:aws:s3:::b/a"]}
    ]})", kBucket);
  ASSERT_TRUE(policy.has_value()) << policy.error().message;
  EXPECT_EQ(policy->version, "2008-10-17");
  EXPECT_EQ(policy->id, "one two");
  ASSERT_EQ(policy->statements.size(), 2U);
  const auto& first = policy->statements[0];
  EXPECT_EQ(first.sid, "first one");
  EXPECT_EQ(first.effect, Effect::kAllow);
  EXPECT_FALSE(first.all_actions_but);
  EXPECT_FALSE(first.all_resources_but);
  ASSERT_EQ(first.conditions.size(), 2U);
  EXPECT_EQ(first.conditions[1].key(), "s3:tlsversion");
  EXPECT_EQ(first.conditions[1].values().size(), 2U);
  const auto& second = policy->statements[1];
  EXPECT_EQ(second.effect, Effect::kDeny);
  EXPECT_TRUE(second.all_actions_but);
  EXPECT_TRUE(second.all_resources_but);
  EXPECT_EQ(second.sid, "");
}

TEST(PolicyParse, TakesOneStatementWithoutAListAndNoVersion) {
  const auto policy = parse_policy(
      R"({"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "arn:aws:s3:::b/*"}})", kBucket);
  ASSERT_TRUE(policy.has_value()) << policy.error().message;
  EXPECT_EQ(policy->version, "2008-10-17");
  EXPECT_EQ(policy->statements.size(), 1U);
}

TEST(PolicyParse, RefusesWhatIsNoPolicy) {
  struct {
    std::string text;
    std::string_view message;
  } const cases[] = {
      {"", "Policies must be valid JSON and the first byte must be '{'"},
      {"invalid json", "Policies must be valid JSON and the first byte must be '{'"},
      {" {}", "Policies must be valid JSON and the first byte must be '{'"},
      {"[]", "Policies must be valid JSON and the first byte must be '{'"},
      {"{", "This policy contains invalid Json: not JSON: "},
      {"{}x", "This policy contains invalid Json: not JSON: "},
      {"{\"Id\": \"\xff\"}", "This policy contains invalid Json: not JSON: "},
      {"{}", "Missing required field Statement"},
      {R"({"Statement": []})", "Could not parse the policy: Statement is empty!"},
      {R"({"Statement": "x"})", "Invalid policy syntax."},
      {R"({"Statement": [1]})", "Invalid policy syntax."},
      {R"({"Version": "2012-10-18"})", "The policy must contain a valid version string: \"2012-10-18\""},
      {R"({"Version": 2012, "Statement": []})", "The policy must contain a valid version string: 2012"},
      {R"({"Id": 1, "Statement": []})", "Invalid policy syntax. Id: 1"},
      {R"({"statement": []})", "Unknown field statement"},
      {R"({"Statement": [], "Other": 1})", "Unknown field Other"},
      {R"({"Id": "a:b", "Id": "c", "Statement": []})", "Invalid policy syntax. An element is given twice"},
      {R"({"Id": "\":", "Statement": []})", "Could not parse the policy: Statement is empty!"},
  };
  for (const auto& c : cases) EXPECT_TRUE(message_of(c.text, kBucket).starts_with(c.message)) << c.text;
}

TEST(PolicyParse, RefusesStatementsWithoutWhatTheyNeed) {
  constexpr std::string_view kRest = R"("Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*")";
  struct {
    std::string statement;
    std::string_view message;
  } const cases[] = {
      {fmt::format(R"({{"Principal": "*", {}}})", kRest), "Missing required field Effect"},
      {fmt::format(R"({{"Effect": "allow", "Principal": "*", {}}})", kRest), "Invalid effect: allow"},
      {fmt::format(R"({{"Effect": null, "Principal": "*", {}}})", kRest), "Invalid policy syntax. Effect: null"},
      {fmt::format(R"({{"Effect": "Allow", {}}})", kRest), "Missing required field Principal"},
      {fmt::format(R"({{"Sid": 1, "Effect": "Allow", "Principal": "*", {}}})", kRest), "Invalid policy syntax. Sid: 1"},
      {fmt::format(R"({{"condition": 1, "Effect": "Allow", "Principal": "*", {}}})", kRest), "Unknown field condition"},
      {fmt::format(R"({{"Effect": "Allow", "Principal": "*", "NotPrincipal": "*", {}}})", kRest),
       "Invalid policy syntax. Principal and NotPrincipal in one statement"},
      {fmt::format(R"({{"Effect": "Allow", "NotPrincipal": {{"AWS": "111122223333"}}, {}}})", kRest),
       "Invalid principal in policy: NotPrincipal goes with Deny only"},
      {R"({"Effect": "Deny", "Principal": "*", "Resource": "arn:aws:s3:::b/*"})", "Missing required field Action"},
      {R"({"Effect": "Deny", "Principal": "*", "Action": "s3:*"})", "Missing required field Resource"},
  };
  for (const auto& c : cases) EXPECT_EQ(message_of(document(c.statement), kBucket), c.message);
}

TEST(PolicyParse, KnowsEveryFormOfPrincipal) {
  const std::string canonical(64, 'a');
  const std::string taken[] = {
      R"("*")",
      R"({"AWS": "*"})",
      R"({"AWS": "111122223333"})",
      R"({"AWS": "arn:aws:iam::111122223333:root"})",
      R"({"AWS": ["arn:aws:iam::111122223333:user/a/b/ann", "arn:aws:iam::111122223333:role/worker"]})",
      R"({"AWS": "arn:aws:sts::111122223333:assumed-role/worker/session"})",
      R"({"AWS": "arn:aws:sts::111122223333:federated-user/ann"})",
      R"({"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"})",
      R"({"Service": ["lambda.amazonaws.com", "logs.eu-central-1.amazonaws.com"]})",
      R"({"Federated": "cognito-identity.amazonaws.com"})",
      fmt::format(R"({{"CanonicalUser": "{}", "AWS": "111122223333"}})", canonical),
  };
  for (const auto& value : taken) EXPECT_EQ(message_of(principal(value), kBucket), "taken") << value;
  const std::string refused[] = {
      R"("111122223333")",
      R"({})",
      R"({"AWS": []})",
      R"({"AWS": 111122223333})",
      R"({"AWS": ""})",
      R"({"AWS": "11112222333"})",
      R"({"AWS": "AIDAEXAMPLE"})",
      R"({"AWS": "arn:aws:iam::111122223333:group/all"})",
      R"({"AWS": "arn:aws:iam::111122223333:user/*"})",
      R"({"AWS": "arn:aws:iam::*:root"})",
      R"({"AWS": "arn:aws:iam::111122223333:user/"})",
      R"({"AWS": "arn:aws:sts::111122223333:assumed-role/worker"})",
      R"({"AWS": "arn:aws:sts::111122223333:assumed-role/worker/*"})",
      R"({"AWS": "arn:aws:s3:::b"})",
      R"({"Service": "*"})",
      R"({"Service": "lambda"})",
      R"({"CanonicalUser": "abc"})",
      R"({"Aws": "111122223333"})",
      R"({"Everyone": "*"})",
  };
  for (const auto& value : refused)
    EXPECT_TRUE(message_of(principal(value), kBucket).starts_with("Invalid principal in policy: ")) << value;
  EXPECT_EQ(message_of(principal(R"({"AWS": "AIDAEXAMPLE"})"), kBucket),
            R"(Invalid principal in policy: "AWS" : "AIDAEXAMPLE")");
  EXPECT_EQ(message_of(principal("null"), kBucket), "Invalid policy syntax.");
}

TEST(PolicyParse, ChecksActionsAndResourcesOfABucket) {
  struct {
    std::string_view actions, resources, message;
  } const cases[] = {
      {R"("s3:GetObject")", R"("arn:aws:s3:::b/*")", "taken"},
      {R"("S3:getobject")", R"("arn:aws:s3:::b/*")", "taken"},
      {R"("s3:*")", R"("arn:aws:s3:::b")", "taken"},
      {R"("*")", R"("arn:aws:s3:::b/x")", "taken"},
      {R"(["s3:GetObject", "s3:ListBucket"])", R"(["arn:aws:s3:::b", "arn:aws:s3:::b/*"])", "taken"},
      {R"("s3:GetObject")", R"(["arn:aws:s3:::b", "arn:aws:s3:::b/*"])", "taken"},
      {R"("s3:ListBucket")", R"("arn:aws:s3:::*")", "taken"},
      {R"("s3:GetObject")", R"("arn:aws:s3:::*/a")", "taken"},
      {R"("s3:GetObject")", R"("arn:aws:s3:::b/${aws:username}/*")", "taken"},
      {R"("s3:GetObject")", R"("arn:aws:s3:::b*")", "taken"},
      {R"("s3:List*")", R"("arn:aws:s3:::b/*")", "taken"},  // ListMultipartUploadParts
      {R"("s3:FooBar")", R"("arn:aws:s3:::b/*")", "Policy has invalid action: s3:FooBar"},
      {R"("s3:PutObjectLockConfiguration")", R"("arn:aws:s3:::b")",
       "Policy has invalid action: s3:PutObjectLockConfiguration"},
      {R"("GetObject")", R"("arn:aws:s3:::b/*")", "Policy has invalid action: GetObject"},
      {R"("lambda:InvokeFunction")", R"("arn:aws:s3:::b/*")", "Policy has invalid action: lambda:InvokeFunction"},
      {R"("")", R"("arn:aws:s3:::b/*")", "Policy has invalid action"},
      {R"(null)", R"("arn:aws:s3:::b/*")", "Invalid policy syntax. Action: null"},
      {R"([])", R"("arn:aws:s3:::b/*")", "Invalid policy syntax. Action: []"},
      {R"("s3:GetObject")", R"("arn:aws:s3:::other/*")", "Policy has invalid resource: arn:aws:s3:::other/*"},
      {R"("s3:GetObject")", R"("arn:aws:s3:::bb/*")", "Policy has invalid resource: arn:aws:s3:::bb/*"},
      {R"("s3:GetObject")", R"("*")", "Policy has invalid resource: *"},
      {R"("s3:GetObject")", R"("b/*")", "Policy has invalid resource: b/*"},
      {R"("s3:GetObject")", R"("arn:aws:sqs:::b/*")", "Policy has invalid resource: arn:aws:sqs:::b/*"},
      {R"("s3:GetObject")", R"(["arn:aws:s3:::b/*", "arn:aws:s3:::c/*"])",
       "Policy has invalid resource: arn:aws:s3:::c/*"},
      {R"("s3:GetObject")", R"({})", "Invalid policy syntax. Resource: {}"},
      {R"("s3:PutObject")", R"("arn:aws:s3:::b")",
       "Action does not apply to any resource(s) in statement: s3:PutObject"},
      {R"("s3:ListBucket")", R"("arn:aws:s3:::b/*")",
       "Action does not apply to any resource(s) in statement: s3:ListBucket"},
      {R"(["s3:GetObject", "s3:ListBucket"])", R"("arn:aws:s3:::b/*")",
       "Action does not apply to any resource(s) in statement: s3:ListBucket"},
      {R"("s3:ListAllMyBuckets")", R"(["arn:aws:s3:::b", "arn:aws:s3:::b/*"])",
       "Action does not apply to any resource(s) in statement: s3:ListAllMyBuckets"},
  };
  for (const auto& c : cases) EXPECT_EQ(message_of(action_on(c.actions, c.resources), kBucket), c.message);
  EXPECT_EQ(message_of(with(R"("NotAction": "s3:ListBucket", "NotResource": "arn:aws:s3:::b/*")"), kBucket), "taken");
  EXPECT_EQ(message_of(with(R"("NotAction": "s3:Foo", "Resource": "arn:aws:s3:::b/*")"), kBucket),
            "Policy has invalid action: s3:Foo");
}

TEST(PolicyParse, ChecksConditionsOfABucket) {
  struct {
    std::string_view actions, condition, message;
  } const cases[] = {
      {R"("s3:*")", R"({})", "taken"},
      {R"("s3:*")", R"({"StringEquals": {}})", "taken"},
      {R"("s3:ListBucket")", R"({"StringLike": {"s3:prefix": ["a/*", ""]}, "NumericLessThan": {"s3:max-keys": 10}})",
       "taken"},
      {R"("s3:*")", R"({"StringLike": {"s3:prefix": "a/*"}})", "taken"},
      {R"("s3:GetObject")", R"({"StringEquals": {"s3:existingobjecttag/Team": "x"}})", "taken"},
      {R"("s3:GetObjectVersion")", R"({"StringEquals": {"s3:VersionId": "x"}})", "taken"},
      {R"("s3:PutObject")", R"({"Null": {"s3:x-amz-server-side-encryption": true}})", "taken"},
      {R"("s3:*")", R"({"NumericLessThan": {"s3:signatureAge": 600000, "s3:TlsVersion": 1.2}})", "taken"},
      {R"("s3:*")", R"({"StringEquals": {"aws:Whatever": "x", "saml:sub": "y"}})", "taken"},
      {R"("s3:*")", R"({"Bool": {"aws:SecureTransport": false}})", "taken"},
      {R"("s3:*")", R"({"StringEquals": {"s3:VersionStatus": "x"}})",
       "Policy has an invalid condition key: s3:VersionStatus"},
      {R"("s3:*")", R"({"StringEquals": {"s3:ExistingObjectTag/": "x"}})",
       "Policy has an invalid condition key: s3:ExistingObjectTag/"},
      {R"("s3:*")", R"({"StringEquals": {"prefix": "x"}})", "Policy has an invalid condition key: prefix"},
      {R"("s3:*")", R"({"StringSame": {"aws:x": "x"}})", "Invalid Condition type : StringSame"},
      {R"("s3:*")", R"({"IpAddress": {"aws:SourceIp": "1.2.3"}})", "Invalid IP address in Conditions: 1.2.3"},
      {R"(["s3:ListBucket", "s3:GetObject"])", R"({"StringLike": {"s3:prefix": "a"}})",
       "Conditions do not apply to combination of actions and resources in statement: s3:GetObject has no s3:prefix"},
      {R"("s3:GetObjectRetention")", R"({"StringEquals": {"s3:ExistingObjectTag/a": "x"}})",
       "Conditions do not apply to combination of actions and resources in statement: s3:GetObjectRetention has no "
       "s3:existingobjecttag/a"},
      {R"("s3:*")", R"([])", "Invalid policy syntax. Condition: []"},
      {R"("s3:*")", R"({"Bool": true})", "Invalid policy syntax. Condition: true"},
      {R"("s3:*")", R"({"StringEquals": {"aws:x": null}})", "Invalid policy syntax. Condition: null"},
      {R"("s3:*")", R"({"StringEquals": {"aws:x": []}})", "Invalid policy syntax. Condition: []"},
      {R"("s3:*")", R"({"StringEquals": {"aws:x": ["a", {}]}})", R"(Invalid policy syntax. Condition: ["a",{}])"},
      {R"("s3:*")", R"({"StringEquals": {"aws:x": "a", "aws:x": "b"}})",
       "Invalid policy syntax. An element is given twice"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(message_of(conditioned(c.actions, c.condition), kBucket), c.message) << c.condition;
}

TEST(PolicyParse, RefusesLargeAndDeepDocuments) {
  const auto sized = [](std::size_t id, std::size_t blanks) {
    return fmt::format(R"({{{}"Id":"{}","Statement":[{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",)"
                       R"("Resource":"arn:aws:s3:::b/*"}}]}})",
                       std::string(blanks, ' '), std::string(id, 'i'));
  };
  const auto rest = sized(0, 0).size();
  const std::string too_large = "Normalized policy document exceeds the maximum allowed size of 20480 bytes";
  EXPECT_EQ(message_of(sized(20480 - rest, 0), kBucket), "taken");
  EXPECT_EQ(message_of(sized(20480 - rest, 30000), kBucket), "taken");
  EXPECT_EQ(message_of(sized(20481 - rest, 0), kBucket), too_large);
  EXPECT_EQ(message_of(sized(0, 1 << 20), kBucket), too_large);
  EXPECT_EQ(message_of("{" + std::string(1 << 24, '['), kBucket), too_large);
  std::string deep = R"({"Id":)";
  for (int i = 0; i < 5000; ++i) deep += "[";
  EXPECT_TRUE(message_of(deep, kBucket).starts_with("This policy contains invalid Json: "));
  PolicyRules small{PolicyKind::kResource};
  small.max_bytes = 100;
  EXPECT_EQ(message_of(sized(0, 0), small), "Normalized policy document exceeds the maximum allowed size of 100 bytes");
}

TEST(PolicyParse, HasItsRulesByKind) {
  const std::string resource =
      R"({"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction",)"
      R"("Resource":"arn:aws:lambda:eu-central-1:111122223333:function:f"})";
  const std::string trust =
      R"({"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"})";
  const std::string identity = R"({"Effect":"Allow","Action":"s3:*","Resource":"*"})";
  struct {
    PolicyKind kind;
    std::string statements;
    std::string_view message;
  } const cases[] = {
      {PolicyKind::kResource, resource, "taken"},
      {PolicyKind::kResource, trust, "Missing required field Resource"},
      {PolicyKind::kResource, identity, "Missing required field Principal"},
      {PolicyKind::kResource, R"({"Effect":"Allow","Principal":"*","Action":"Invoke","Resource":"*"})",
       "Policy has invalid action: Invoke"},
      {PolicyKind::kResource, R"({"Effect":"Allow","Principal":"*","Action":"*","Resource":"f"})",
       "Policy has invalid resource: f"},
      {PolicyKind::kTrust, trust, "taken"},
      {PolicyKind::kTrust, resource, "Has prohibited field Resource"},
      {PolicyKind::kIdentity, identity, "taken"},
      {PolicyKind::kIdentity, trust, "Policy document should not specify a principal."},
      {PolicyKind::kIdentity, R"({"Effect":"Allow","Action":"s3:*"})", "Policy statement must contain resources."},
      {PolicyKind::kIdentity, R"({"Effect":"Allow","Resource":"*"})", "Policy statement must contain actions."},
      {PolicyKind::kIdentity, R"({"Effect":"Allow","Action":"GetObject","Resource":"*"})",
       "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. GetObject"},
      {PolicyKind::kIdentity, R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{"x":true}}})",
       "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. x"},
      {PolicyKind::kIdentity, R"({"Effect":"Allow","Action":"*:*","Resource":"bucket"})",
       "Resource bucket must be in ARN format or \"*\"."},
      {PolicyKind::kIdentity, R"({"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:username}/*"})",
       "taken"},
      {PolicyKind::kIdentity, R"({"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:${aws:x}:::b"})",
       "Resource arn:aws:${aws:x}:::b must be in ARN format or \"*\"."},
      {PolicyKind::kIdentity, R"({"Sid":"a b","Effect":"Allow","Action":"*","Resource":"*"})",
       "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
       "[0-9A-Za-z]*: a b"},
      {PolicyKind::kIdentity, R"({"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},)"
                              R"({"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"})",
       "Statement IDs (SID) in a single policy must be unique. a"},
  };
  for (const auto& c : cases) EXPECT_EQ(message_of(document(c.statements), {c.kind}), c.message) << c.statements;
}

TEST(PolicyActions, AreLowerCaseAndUnique) {
  std::set<std::string_view> seen;
  for (const auto& action : s3_actions()) {
    EXPECT_TRUE(seen.insert(action.name).second) << action.name;
    EXPECT_TRUE(action.name.starts_with("s3:")) << action.name;
    EXPECT_EQ(action.name.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), std::string_view::npos) << action.name;
  }
  EXPECT_GT(seen.size(), 160U);
  EXPECT_EQ(s3_key_groups("s3:nothing"), 0U);
  EXPECT_EQ(s3_key_groups("aws:sourceip"), 0U);
  EXPECT_EQ(s3_key_groups("s3:tlsversion"), kS3AnyAction);
}

}  // namespace
}  // namespace gust::auth
