// outcome: what a call answered, or why it did not. A plain value.
#pragma once

#include <utility>
#include <variant>

namespace aws::lambda_runtime {

template <typename Result, typename Failure>
class outcome {
 public:
  outcome(Result result) : value_(std::in_place_index<0>, std::move(result)) {}
  outcome(Failure failure) : value_(std::in_place_index<1>, std::move(failure)) {}

  bool is_success() const { return value_.index() == 0; }
  // Only of a success; throws std::bad_variant_access else.
  Result const& get_result() const& { return std::get<0>(value_); }
  Result&& get_result() && { return std::get<0>(std::move(value_)); }
  // Only of a failure.
  Failure const& get_failure() const { return std::get<1>(value_); }

 private:
  std::variant<Result, Failure> value_;
};

}  // namespace aws::lambda_runtime
