// gust: the command line, and under `gust up` the daemon.
#include "cli/cli.h"
#include "daemon/backup.h"
#include "daemon/daemon.h"

static int up(const gust::cli::UpOptions& options) {
  gust::config::Settings settings;
  settings.mode = options.mode == gust::cli::Mode::kDev ? gust::config::Mode::kDev : gust::config::Mode::kNormal;
  settings.address = options.address;
  settings.port = options.port;
  if (!options.tls_address.empty())
    settings.tls = {options.tls_address, options.tls_port, options.tls_certificate, options.tls_key};
  settings.data = options.data;
  settings.keep_alive = options.keep_alive;
  settings.memory_bytes = options.instance_memory_mb << 20;
  return gust::daemon::run(settings);
}

int main(int argc, char** argv) {
  return gust::cli::run(argc, argv, {up, gust::daemon::check_folder, gust::daemon::restore_folder});
}
