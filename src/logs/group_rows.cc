// Rows of groups and streams as JSON.
#include "logs/groups.h"

#include "codec/json.h"

namespace gust::logs {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& from, const char* name) { return std::string(from.at(name).as_string()); }
std::int64_t number_of(const json::object& from, const char* name) { return from.at(name).to_number<std::int64_t>(); }

template <typename F>
auto read(std::string_view bytes, F from) -> Result<decltype(from(json::object()))> {
  const auto document = codec::parse_json(bytes);
  if (!document || !document->is_object()) return fail(Code::kCorrupt, "a row of logs is not JSON", "row");
  try {
    return from(document->get_object());
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, std::string("a row of logs lacks something: ") + e.what(), "row");
  }
}

json::object to_json(const Subscription& s) {
  return {{"name", s.name}, {"pattern", s.pattern},           {"destination", s.destination_arn},
          {"role", s.role_arn}, {"distribution", s.distribution}, {"created", s.created_ms},
          {"delivered", s.delivered}};
}

Subscription subscription_from(const json::object& o) {
  Subscription out;
  out.name = text_of(o, "name");
  out.pattern = text_of(o, "pattern");
  out.destination_arn = text_of(o, "destination");
  out.role_arn = text_of(o, "role");
  out.distribution = text_of(o, "distribution");
  out.created_ms = number_of(o, "created");
  out.delivered = o.at("delivered").to_number<std::uint64_t>();
  return out;
}

}  // namespace

std::string encode_group(const Group& group) {
  json::object tags;
  for (const auto& [name, value] : group.tags) tags[name] = value;
  json::array subscriptions;
  for (const auto& each : group.subscriptions) subscriptions.push_back(to_json(each));
  return codec::to_json(json::object{{"account", group.key.account.str()},
                                     {"name", group.key.name},
                                     {"id", group.id},
                                     {"created", group.created_ms},
                                     {"retention_days", group.retention_days.value_or(0)},
                                     {"class", group.log_class},
                                     {"kms_key", group.kms_key},
                                     {"protected", group.protection == Group::Protection::kFromDeletion},
                                     {"tags", std::move(tags)},
                                     {"subscriptions", std::move(subscriptions)}});
}

Result<Group> decode_group(std::string_view bytes) {
  return read(bytes, [](const json::object& o) {
    Group out;
    out.key = {AccountId(text_of(o, "account")), text_of(o, "name")};
    out.id = text_of(o, "id");
    out.created_ms = number_of(o, "created");
    if (const auto days = number_of(o, "retention_days"); days != 0) out.retention_days = static_cast<int>(days);
    out.log_class = text_of(o, "class");
    out.kms_key = text_of(o, "kms_key");
    if (o.at("protected").as_bool()) out.protection = Group::Protection::kFromDeletion;
    for (const auto& [name, value] : o.at("tags").as_object()) out.tags[std::string(name)] = value.as_string();
    for (const auto& each : o.at("subscriptions").as_array())
      out.subscriptions.push_back(subscription_from(each.as_object()));
    return out;
  });
}

std::string encode_stream(const StreamRow& row) {
  return codec::to_json(json::object{{"name", row.name},
                                     {"created", row.created_ms},
                                     {"below_block", row.below_block},
                                     {"deleted", row.state == StreamRow::State::kDeleted}});
}

Result<StreamRow> decode_stream(std::string_view bytes) {
  return read(bytes, [](const json::object& o) {
    StreamRow out;
    out.name = text_of(o, "name");
    out.created_ms = number_of(o, "created");
    out.below_block = o.at("below_block").to_number<std::uint64_t>();
    if (o.at("deleted").as_bool()) out.state = StreamRow::State::kDeleted;
    return out;
  });
}

}  // namespace gust::logs
