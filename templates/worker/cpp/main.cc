// Every change of the table, in order. What is named as failed comes again; what was before it does not.
#include <aws/lambda-runtime/runtime.h>
#include <nlohmann/json.hpp>

#include <iostream>
#include <string>

using json = nlohmann::json;
using aws::lambda_runtime::invocation_request;
using aws::lambda_runtime::invocation_response;

namespace {

void work(const std::string& what, const std::string& id, const json& item) {
  std::cout << what << " " << id << " " << item << std::endl;
}

json serve(const json& event) {
  for (const auto& record : event["Records"]) {
    const auto& change = record["dynamodb"];
    try {
      work(record["eventName"], change["Keys"]["id"]["S"], change.value("NewImage", json()));
    } catch (const std::exception& error) {
      std::cout << "failed: " << error.what() << std::endl;
      return {{"batchItemFailures", json::array({{{"itemIdentifier", change["SequenceNumber"]}}})}};
    }
  }
  return {{"batchItemFailures", json::array()}};
}

}  // namespace

int main() {
  aws::lambda_runtime::run_handler([](const invocation_request& request) {
    return invocation_response::success(serve(json::parse(request.payload)).dump(), "application/json");
  });
}
