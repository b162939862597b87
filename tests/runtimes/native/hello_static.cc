// The smallest function: it answers what it was given. Linked statically it needs nothing of the host.
#include "aws/lambda-runtime/runtime.h"

using namespace aws::lambda_runtime;

int main() {
  run_handler([](invocation_request const& request) {
    return invocation_response::success(request.payload, "application/json");
  });
}
