// What clients of a simulation do with items of which each operation is recorded: one at a time, and in transactions.
#include "tables/history/simulation.h"

namespace gust::tables::history {
namespace {

using Kind = ItemModel::Kind;
using If = ItemModel::If;

Value number(std::int64_t n) { return testing::number(std::to_string(n)); }

// What the call makes of an item that is there, or of its key alone.
Item changed(Item item, const ItemModel::Call& call) {
  auto state = ItemModel::after(state_of(item), call).value_or(ItemState());
  if (call.kind == Kind::kPut || call.kind == Kind::kSet) {
    item["value"] = number(call.argument);
    item["g"] = testing::text(call.argument % 2 == 0 ? "even" : "odd");
  }
  if (call.kind == Kind::kAdd) item["count"] = number(state.count);
  if (call.kind == Kind::kAppend) {
    List list;
    for (const auto element : state.list) list.push_back(number(element));
    item["list"] = {std::move(list)};
  }
  return item;
}

}  // namespace

Write Simulation::write_of(const std::string& key, const ItemModel::Call& call) const {
  Write write;
  write.table = table_;
  write.key = key_of_name(key);
  switch (call.kind) {
    case Kind::kPut:
      write.kind = Write::Kind::kPut;
      write.item = changed(write.key, call);
      break;
    case Kind::kDelete: write.kind = Write::Kind::kDelete; break;
    case Kind::kGet:
    case Kind::kCheck: write.kind = Write::Kind::kCheck; break;
    default:
      write.kind = Write::Kind::kUpdate;
      write.change = [call](const Item& there) -> Result<Item> { return changed(there, call); };
  }
  if (call.condition != If::kAlways) {
    write.condition = [call](const Item& there) -> Result<bool> { return ItemModel::holds(state_of(there), call); };
  }
  return write;
}

ItemModel::Call Simulation::random_call() {
  const Kind kinds[] = {Kind::kPut, Kind::kPut, Kind::kDelete, Kind::kSet, Kind::kAdd, Kind::kAdd, Kind::kAppend};
  const If conditions[] = {If::kAlways, If::kAlways, If::kThere, If::kAbsent, If::kValueIs};
  ItemModel::Call out{kinds[dice(7)], ++elements_, conditions[dice(5)]};
  if (out.kind == Kind::kAdd) out.argument = 1;
  if (out.condition == If::kValueIs) out.expected = std::max<std::int64_t>(1, elements_ - static_cast<int>(dice(12)));
  return out;
}

void Simulation::record(const std::string& key, ItemEvent event) {
  ++operations_;
  if (!event.answer) ++unknown_;
  registers_[key].push_back(std::move(event));
}

Task<void> Simulation::read_register(int client) {
  const auto key = kRegisters[dice(kRegisters.size())];
  ItemEvent event{{Kind::kGet}, {}, tick(), kNever, client};
  const auto got = co_await items_->get(table_, key_of_name(key));
  event.returned = tick();
  if (!got) {
    expect_trouble("reading", got.error());
    co_return Result<void>{};
  }
  event.answer = ItemModel::Answer{true, state_of(*got)};
  record(key, std::move(event));
  co_return Result<void>{};
}

Task<void> Simulation::write_register(int client) {
  const auto key = kRegisters[dice(kRegisters.size())];
  ItemEvent event{random_call(), {}, tick(), kNever, client};
  const auto found = std::make_shared<std::optional<Item>>();
  auto write = write_of(key, event.call);
  const auto written = co_await items_->write(std::move(write), found);
  const auto returned = tick();
  if (written) {
    event.answer = ItemModel::Answer{true, state_of(written->before), state_of(written->after)};
  } else if (written.error().source == "condition") {
    event.answer = ItemModel::Answer{false, state_of(*found)};
  } else if (did_not_happen(written.error())) {
    co_return Result<void>{};
  } else {
    expect_trouble("writing", written.error());
  }
  if (event.answer) event.returned = returned;
  record(key, std::move(event));
  co_return Result<void>{};
}

Task<void> Simulation::write_registers(int client) {
  const auto keys = some(kRegisters, 3);
  std::vector<ItemEvent> events;
  std::vector<Write> writes;
  for (const auto& key : keys) {
    auto call = random_call();
    if (dice(4) == 0) call = {Kind::kCheck, 0, dice(2) == 0 ? If::kThere : If::kAbsent};
    events.push_back({call, {}, tick(), kNever, client});
    writes.push_back(write_of(key, call));
  }
  const auto reasons = std::make_shared<std::vector<ItemStore::Reason>>();
  const auto written = co_await items_->transact(std::move(writes), reasons);
  const auto returned = tick();
  if (!written && written.error().source == "canceled") {
    for (auto& event : events) event.returned = returned;
    record_canceled(keys, std::move(events), *reasons);
    co_return Result<void>{};
  }
  if (!written && did_not_happen(written.error())) co_return Result<void>{};
  if (!written) expect_trouble("a transaction", written.error());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto& event = events[i];
    if (written) {
      event.answer = ItemModel::Answer{true, state_of((*written)[i].before), state_of((*written)[i].after)};
      event.returned = returned;
    }
    if (written || event.call.kind != Kind::kCheck) record(keys[i], std::move(event));
  }
  co_return Result<void>{};
}

// Of those whose condition was false it was told what was there; of the others it is known that it held.
void Simulation::record_canceled(const std::vector<std::string>& keys, std::vector<ItemEvent> events,
                                 const std::vector<ItemStore::Reason>& reasons) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto& event = events[i];
    event.call.kind = Kind::kCheck;
    if (reasons[i].code == "ConditionalCheckFailed") {
      event.answer = ItemModel::Answer{false, state_of(reasons[i].found)};
    } else {
      EXPECT_EQ(reasons[i].code, "None") << reasons[i].message;
      event.answer = ItemModel::Answer{true};
    }
    record(keys[i], std::move(event));
  }
}

}  // namespace gust::tables::history
