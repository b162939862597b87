#include "api/sts/service.h"

#include "api/sts.gen.h"

namespace gust::api {
namespace {

wire::ServiceSettings settings() {
  wire::ServiceSettings out;
  out.unknown = {"InvalidAction", "", 400, {}};
  return out;
}

boost::asio::awaitable<wire::Reply<sts::GetCallerIdentityResponse>> caller_identity(wire::Call call,
                                                                                    sts::GetCallerIdentityRequest) {
  const auto& who = call.context.principal;
  sts::GetCallerIdentityResponse out;
  out.account = who.account.str();
  out.arn = who.arn;
  // A role's caller is ROLE-ID:SESSION; the root is its account.
  const auto slash = who.arn.find_last_of('/');
  out.user_id = slash == std::string::npos ? who.account.str() : who.access_key_id + ":" + who.arn.substr(slash + 1);
  co_return out;
}

}  // namespace

StsService::StsService() : service_(sts::model(), settings()) {
  service_.on<sts::GetCallerIdentity>(
      [](auto call, auto request) { return caller_identity(std::move(call), std::move(request)); });
}

}  // namespace gust::api
