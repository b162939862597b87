// Lineage: how often each function has run in a chain of events, kept in the trace header, which SDKs inside a function
// pass on with every request: "Root=...;Lineage=HASH:COUNT&HASH:COUNT", HASH being eight hexadecimal digits of the
// function. So that a function that triggers itself is stopped. Any thread.
#pragma once

#include "functions/function.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace gust::functions {

inline constexpr std::uint32_t kMaxLoops = 16;  // as the service stops a chain after about as many

// How often `function` has run in the chain that `trace` is of.
std::uint32_t loops(std::string_view trace, const FunctionKey& function);
// The trace that an invocation of `function` hands on.
std::string with_loop(std::string_view trace, const FunctionKey& function);

}  // namespace gust::functions
