#include "auth/policy_pattern.h"

#include <gtest/gtest.h>

namespace gust::auth {
namespace {

ConditionKeys some_keys() {
  ConditionKeys keys;
  keys.add("aws:username", "ann");
  keys.add("s3:prefix", "a*");
  keys.add("aws:Empty", "");
  keys.add("aws:TagKeys", "one");
  keys.add("aws:TagKeys", "two");
  return keys;
}

TEST(PolicyPattern, MatchesStarsAndQuestionMarks) {
  struct {
    std::string_view pattern, text;
    bool matches;
  } const cases[] = {
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "a/b:c", true},
      {"**", "", true},
      {"a*", "a", true},
      {"a*", "ba", false},
      {"*a", "aba", true},
      {"*a", "ab", false},
      {"a*b*c", "abc", true},
      {"a*b*c", "a--b--b--c", true},
      {"a*b*c", "acb", false},
      {"*ab*ab", "abab", true},
      {"*ab*ab", "ab", false},
      {"?", "", false},
      {"?", "a", true},
      {"?", "ab", false},
      {"a?c", "abc", true},
      {"?*", "a", true},
      {"*?", "", false},
      {"*?a", "ba", true},
      {"*?a", "a", false},
      {"a*?b", "ab", false},
      {"?", "\xc3\xa9", true},   // a character of two bytes
      {"??", "\xc3\xa9", false},
      {"?", "\xff", true},       // bytes that are no character count one by one
      {"arn:aws:s3:::b/*/x", "arn:aws:s3:::b/1/2/x", true},
      {"arn:aws:s3:::b/*", "arn:aws:s3:::b", false},
      {"A", "a", false},
  };
  const ConditionKeys none;
  for (const auto& c : cases) {
    const PolicyPattern pattern(c.pattern, Wildcards::kMatched, Variables::kText);
    EXPECT_EQ(pattern.matches(c.text, none), c.matches) << c.pattern << " on " << c.text;
    EXPECT_EQ(pattern.text(), c.pattern);
  }
}

TEST(PolicyPattern, IgnoresTheCaseOfAsciiWhereItIsTold) {
  const ConditionKeys none;
  const PolicyPattern pattern("S3:get*", Wildcards::kMatched, Variables::kText, Case::kIgnored);
  EXPECT_TRUE(pattern.matches("s3:GetObject", none));
  EXPECT_TRUE(pattern.matches("S3:GETOBJECT", none));
  EXPECT_FALSE(pattern.matches("s3:PutObject", none));
  const PolicyPattern accents("\xc3\x89", Wildcards::kText, Variables::kText, Case::kIgnored);
  EXPECT_FALSE(accents.matches("\xc3\xa9", none));
}

TEST(PolicyPattern, HasWildcardsAsTextWhereItIsTold) {
  const ConditionKeys none;
  const PolicyPattern pattern("a*?", Wildcards::kText, Variables::kText);
  EXPECT_TRUE(pattern.matches("a*?", none));
  EXPECT_FALSE(pattern.matches("abc", none));
}

TEST(PolicyPattern, ReplacesVariables) {
  struct {
    std::string_view pattern, text;
    bool matches;
  } const cases[] = {
      {"home/${aws:username}/*", "home/ann/x", true},
      {"home/${AWS:UserName}/*", "home/ann/x", true},
      {"home/${aws:username}/*", "home/bob/x", false},
      {"${s3:prefix}", "a*", true},    // a value's wildcard is text
      {"${s3:prefix}", "abc", false},
      {"*${aws:username}", "annann", true},
      {"x${aws:Empty}y", "xy", true},
      {"${aws:userid}", "", false},    // no value
      {"*${aws:userid}", "anything", false},
      {"${aws:TagKeys}", "one", false},  // two values
      {"${aws:userid, 'nobody'}", "nobody", true},
      {"${aws:userid,'nobody'}", "nobody", true},
      {"${aws:userid, 'a}b'}c", "a}bc", true},
      {"${aws:userid, ''}x", "x", true},
      {"${aws:username, 'nobody'}", "ann", true},
      {"${aws:username, 'nobody'}", "nobody", false},
      {"${*}", "*", true},
      {"${*}", "a", false},
      {"a${?}${$}b", "a?$b", true},
      {"a${?}", "ab", false},
      {"${aws:username", "${aws:username", true},  // not closed
      {"${aws:userid, 'x", "${aws:userid, 'x", true},
      {"$", "$", true},
  };
  const auto keys = some_keys();
  for (const auto& c : cases) {
    const PolicyPattern pattern(c.pattern, Wildcards::kMatched, Variables::kReplaced);
    EXPECT_EQ(pattern.matches(c.text, keys), c.matches) << c.pattern << " on " << c.text;
  }
}

TEST(PolicyPattern, HasVariablesAsTextWhereItIsTold) {
  const PolicyPattern pattern("${aws:username}", Wildcards::kMatched, Variables::kText);
  EXPECT_TRUE(pattern.matches("${aws:username}", some_keys()));
  EXPECT_FALSE(pattern.matches("ann", some_keys()));
  EXPECT_FALSE(pattern.has_variables());
}

TEST(PolicyPattern, TakesNoMoreThanItsLengthTimesTheText) {
  std::string stars;
  for (int i = 0; i < 2000; ++i) stars += "a*";
  const PolicyPattern pattern(stars + "b", Wildcards::kMatched, Variables::kText);
  EXPECT_FALSE(pattern.matches(std::string(8000, 'a'), {}));
  EXPECT_TRUE(pattern.matches(std::string(8000, 'a') + "b", {}));
}

TEST(PolicyPattern, TellsWhatItCouldMatch) {
  struct {
    std::string_view pattern, prefix;
    bool itself, longer;
  } const cases[] = {
      {"abc", "abc", true, false}, {"abc", "ab", false, true}, {"abc", "abx", false, false}, {"*", "", true, true},
      {"a*", "a", true, true},     {"a?", "a", false, true},   {"*c", "ab", false, true},    {"a*c", "ac", true, true},
      {"${x:y}b", "ab", true, true}, {"", "", true, false},    {"", "a", false, false},      {"?b", "ab", true, false},
  };
  for (const auto& c : cases) {
    const auto reach = PolicyPattern(c.pattern, Wildcards::kMatched, Variables::kReplaced).reach(c.prefix);
    EXPECT_EQ(reach.itself, c.itself) << c.pattern << " after " << c.prefix;
    EXPECT_EQ(reach.longer, c.longer) << c.pattern << " after " << c.prefix;
  }
}

TEST(ConditionKeys, HasNamesInAnyCaseAndSeveralValues) {
  const auto keys = some_keys();
  EXPECT_EQ(keys.single("aws:username"), "ann");
  EXPECT_EQ(keys.single("aws:empty"), "");
  EXPECT_EQ(keys.find("aws:tagkeys").size(), 2U);
  EXPECT_FALSE(keys.single("aws:tagkeys"));
  EXPECT_TRUE(keys.find("aws:userid").empty());
}

TEST(ConditionKeys, SaysWhoAsksAndWhen) {
  struct {
    Requester who;
    std::string_view type, arn, username, userid;
  } const cases[] = {
      {{}, "Anonymous", "-", "-", "anonymous"},
      {{"111122223333", "arn:aws:iam::111122223333:root", "c1", {}, {}},
       "Account", "arn:aws:iam::111122223333:root", "-", "111122223333"},
      {{"111122223333", "arn:aws:iam::111122223333:user/team/ann", "c1", {}, {}},
       "User", "arn:aws:iam::111122223333:user/team/ann", "ann", "-"},
      {{"111122223333", "arn:aws:sts::111122223333:assumed-role/worker/s1", "c1", {}, {}},
       "AssumedRole", "arn:aws:iam::111122223333:role/worker", "-", "-"},
      {{"111122223333", "arn:aws:sts::111122223333:federated-user/ann", "c1", {}, {}},
       "FederatedUser", "arn:aws:sts::111122223333:federated-user/ann", "-", "-"},
      {{{}, {}, {}, "lambda.amazonaws.com", {}}, "-", "-", "-", "-"},
  };
  for (const auto& c : cases) {
    ConditionKeys keys;
    keys.add(c.who);
    EXPECT_EQ(keys.single("aws:principaltype").value_or("-"), c.type);
    EXPECT_EQ(keys.single("aws:principalarn").value_or("-"), c.arn);
    EXPECT_EQ(keys.single("aws:username").value_or("-"), c.username);
    EXPECT_EQ(keys.single("aws:userid").value_or("-"), c.userid);
    EXPECT_EQ(keys.single("aws:principalisawsservice"), c.who.service.empty() ? "false" : "true");
    EXPECT_EQ(keys.single("aws:principalaccount").value_or(""), c.who.account);
  }
  ConditionKeys keys;
  keys.add(from_epoch_ms(1'774'000'000'500));
  EXPECT_EQ(keys.single("aws:epochtime"), "1774000000");
  EXPECT_EQ(keys.single("aws:currenttime"), "2026-03-20T09:46:40Z");
}

}  // namespace
}  // namespace gust::auth
