// The version of this SDK. It has the shape of the public C++ runtime, so that handlers written for that compile here.
#pragma once

namespace aws::lambda_runtime {

unsigned get_version_major();
unsigned get_version_minor();
unsigned get_version_patch();
// "major.minor.patch".
char const* get_version();

}  // namespace aws::lambda_runtime
