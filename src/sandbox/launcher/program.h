// The command line of gust-launcher, and its life from there. Only apps/launcher calls it.
#pragma once

namespace gust::sandbox::launcher {

// gust-launcher --socket-fd N --scratch DIR [--show DIR]...; the exit code.
int run_program(int argc, char** argv);

}  // namespace gust::sandbox::launcher
