// SnapStart for programs: the init of a version runs once, and its instances go on from there. Gust's own; on other
// services take_snapshot() does nothing. x86-64.
#pragma once

#include <functional>

namespace aws::lambda_runtime {

// Call it in main when all is made that instances are to have in common, before run_handler; the program has one
// thread, no child, and no socket or pipe open, else it starts without a snapshot. Where no snapshot is wanted it
// returns at once and calls nothing. Else it calls `before_snapshot`, and returns in each instance after it has called
// `after_restore` there: what must not be the same in all of them, such as the state of a random generator, is to be
// made anew in it. An exception of either is the init's failure.
void take_snapshot(std::function<void()> const& before_snapshot = {}, std::function<void()> const& after_restore = {});

}  // namespace aws::lambda_runtime
