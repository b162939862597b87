// gust: the command line, and under `gust up` the daemon.
#include "cli/cli.h"

#include <cstdio>

int main(int argc, char** argv) {
  return gust::cli::run(argc, argv, [](const gust::cli::UpOptions&) {
    std::fputs("gust: this build has no daemon\n", stderr);
    return gust::cli::kFailed;
  });
}
