#include "meter/budgets.h"

#include "codec/json.h"
#include "meter/record.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace gust::meter {
namespace {

namespace json = boost::json;

constexpr std::string_view kPrefix = "meter/budget/";

std::string key_of(const AccountId& account) { return fmt::format("{}{}", kPrefix, account); }

std::string encode(const Budget& b) {
  return codec::to_json(json::object{{"account", b.account.str()},
                                     {"amount", b.amount},
                                     {"per", b.per == Budget::Per::kMonth ? "month" : "day"},
                                     {"notify", b.notify},
                                     {"prices", b.prices},
                                     {"passed", b.passed}});
}

Result<Budget> decode(std::string_view text) {
  const auto document = codec::parse_json(text);
  try {
    const auto& o = document.value().as_object();
    const auto word = [&](const char* name) { return std::string(o.at(name).as_string()); };
    return Budget{AccountId(word("account")),
                  word("amount"),
                  word("per") == "day" ? Budget::Per::kDay : Budget::Per::kMonth,
                  word("notify"),
                  word("prices"),
                  word("passed")};
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, fmt::format("a budget is not what was written: {}", e.what()), "budget");
  }
}

Result<std::optional<Budget>> read(kv::Reader& reader, const AccountId& account) {
  GUST_TRY(const auto row, reader.get(key_of(account)));
  if (!row) return std::nullopt;
  GUST_TRY(auto budget, decode(*row));
  return std::optional(std::move(budget));
}

}  // namespace

Period period_of(Budget::Per per, WallTime time) {
  const auto day = day_of(time);
  if (per == Budget::Per::kDay) return {day, day, day};
  const auto month = day.substr(0, 7);
  return {month, month + "-01", month + "-31"};
}

async::Task<std::optional<Budget>> Budgets::get(AccountId account) {
  GUST_CO_TRY(const auto row, co_await store_.get(key_of(account)));
  if (!row) co_return std::nullopt;
  GUST_CO_TRY(auto budget, decode(*row));
  co_return std::optional(std::move(budget));
}

async::Task<void> Budgets::set(Budget budget) {
  kv::Store::Body body = [budget](kv::Transaction& tx) -> Result<void> {
    auto wanted = budget;
    GUST_TRY(const auto before, read(tx, budget.account));
    if (before && before->per == wanted.per) {
      const auto old_amount = parse_decimal(before->amount), new_amount = parse_decimal(wanted.amount);
      if (old_amount && new_amount && *new_amount <= *old_amount) wanted.passed = before->passed;
    }
    tx.put(key_of(wanted.account), encode(wanted));
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<void> Budgets::remove(AccountId account) {
  kv::Store::Body body = [key = key_of(account)](kv::Transaction& tx) -> Result<void> {
    tx.erase(key);
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<std::vector<Budget>> Budgets::all() {
  std::vector<Budget> out;
  auto range = kv::Range::prefix(std::string(kPrefix));
  for (;;) {
    GUST_CO_TRY(const auto rows, co_await store_.scan(range));
    for (const auto& row : rows) {
      GUST_CO_TRY(auto budget, decode(row.value));
      out.push_back(std::move(budget));
    }
    if (rows.size() < range.limit) co_return out;
    range.begin = rows.back().key + '\0';
  }
}

async::Task<void> Budgets::pass(AccountId account, std::string period,
                                std::function<Result<void>(kv::Transaction&)> also) {
  kv::Store::Body body = [account, period, also](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(auto budget, read(tx, account));
    if (!budget || budget->passed == period) return {};
    budget->passed = period;
    tx.put(key_of(account), encode(*budget));
    return also(tx);
  };
  co_return co_await store_.transact(std::move(body));
}

}  // namespace gust::meter
