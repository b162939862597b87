#include "api/dynamodb/cancellation.h"

#include "api/dynamodb/answer.h"
#include "codec/digest.h"
#include "codec/json.h"

#include <fmt/format.h>

namespace gust::api {

std::optional<tables::ItemStore::Once> once_of(const wire::Call& call, const Object& body, std::string_view member) {
  const auto token = text_of(body, "ClientRequestToken");
  if (token.empty()) return std::nullopt;
  const auto writes = codec::to_json(body.at(member));
  return tables::ItemStore::Once{call.context.principal.account, call.context.region + "/" + std::string(token),
                                 codec::digest(codec::DigestKind::kSha256, writes)};
}

bool is_canceled(const Error& error) { return error.source == "canceled" || error.source == "conflict"; }

wire::Fault canceled(const std::vector<tables::ItemStore::Reason>& reasons) {
  std::string codes;
  wire::Value::List list;
  for (const auto& reason : reasons) {
    codes += (codes.empty() ? "" : ", ") + reason.code;
    wire::Value::Map one{{"Code", reason.code}};
    if (!reason.message.empty()) one.emplace("Message", reason.message);
    if (reason.found) one.emplace("Item", document_of(*reason.found));
    list.push_back(std::move(one));
  }
  wire::WireError error{
      "TransactionCanceledException",
      fmt::format("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes), 400,
      {}};
  error.members.emplace("CancellationReasons", std::move(list));
  return wire::Fault(std::move(error));
}

}  // namespace gust::api
