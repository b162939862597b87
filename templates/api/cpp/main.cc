// An HTTP API that keeps notes in a table.
#include "signed_request.h"

#include <aws/lambda-runtime/runtime.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

using json = nlohmann::json;
using aws::lambda_runtime::invocation_request;
using aws::lambda_runtime::invocation_response;

namespace {

const std::string kTable = std::getenv("TABLE");

json dynamodb(const std::string& operation, json input) {
  input["TableName"] = kTable;
  const std::vector<std::string> headers{"Content-Type: application/x-amz-json-1.0",
                                         "X-Amz-Target: DynamoDB_20120810." + operation};
  const auto answer = request("dynamodb", "POST", "/", input.dump(), headers);
  if (answer.status != 200) throw std::runtime_error(operation + ": " + answer.body);
  return json::parse(answer.body);
}

json answer(int status, const json& body) {
  return {{"statusCode", status}, {"headers", {{"content-type", "application/json"}}}, {"body", body.dump()}};
}

json note_of(const json& item) { return {{"id", item["id"]["S"]}, {"text", item["text"]["S"]}}; }

std::string new_id() {
  std::string id;
  std::getline(std::ifstream("/proc/sys/kernel/random/uuid"), id);
  return id;
}

json add(const json& event) {
  const auto body = json::parse(event.value("body", ""), nullptr, false);
  if (!body.is_object() || !body.contains("text") || !body["text"].is_string())
    return answer(400, {{"error", R"_(send JSON, as in {"text": "hello"})_"}});
  const json item{{"id", {{"S", new_id()}}}, {"text", {{"S", body["text"]}}}};
  dynamodb("PutItem", {{"Item", item}});
  return answer(201, note_of(item));
}

json serve(const json& event) {
  const auto route = event["routeKey"].get<std::string>();
  if (route == "POST /notes") return add(event);
  if (route == "GET /notes") {
    const auto found = dynamodb("Scan", {{"Limit", 100}});
    auto notes = json::array();
    for (const auto& item : found["Items"]) notes.push_back(note_of(item));
    return answer(200, notes);
  }
  const auto found = dynamodb("GetItem", {{"Key", {{"id", {{"S", event["pathParameters"]["id"]}}}}}});
  if (!found.contains("Item")) return answer(404, {{"error", "there is no such note"}});
  return answer(200, note_of(found["Item"]));
}

}  // namespace

int main() {
  aws::lambda_runtime::run_handler([](const invocation_request& request) {
    return invocation_response::success(serve(json::parse(request.payload)).dump(), "application/json");
  });
}
