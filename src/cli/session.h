// Session: what every subcommand shares: the terminal, the global options, the connection to the daemon. One thread.
#pragma once

#include "cli/remote.h"
#include "cli/terminal.h"

#include <boost/json/value.hpp>

namespace gust::cli {

enum class Output { kText, kJson };

struct Session {
  Terminal terminal;
  Output output = Output::kText;
  std::string endpoint;  // --endpoint, or empty
  std::string data;      // --data, or empty
  std::string region;    // --region, or empty

  // Where the daemon is and with which keys: --endpoint, GUST_ENDPOINT, <data>/endpoint, http://127.0.0.1:4566; AWS_*
  // of the environment when all are there, else <data>/credentials. By https, AWS_CA_BUNDLE has the authorities that
  // are trusted. kNotFound "credentials", kInvalid "usage".
  Result<std::unique_ptr<Remote>> connect() const;
  Result<http::Origin> find_endpoint() const;
  Result<auth::Keys> find_keys() const;
  std::string find_region() const;
  std::string data_folder() const;

  // Prints the error and answers the exit code that goes with it.
  int failed(const Error& error);
  void json(const boost::json::value& value);
};

// The parsed body of an admin answer.
Result<boost::json::value> admin(Remote& remote, const std::string& method, const std::string& path,
                                 const std::string& query, std::string_view what, const std::string& body = {});

// Fetches, then prints: as `print` does, which chooses by the session's output. An exit code.
template <typename F>
int show_answer(Session& session, const std::string& path, std::string_view what, F print) {
  const auto remote = session.connect();
  if (!remote) return session.failed(remote.error());
  const auto answer = admin(**remote, "GET", path, "", what);
  if (!answer) return session.failed(answer.error());
  print(*answer);
  return 0;
}

// A member as text: strings as they are, numbers printed, absent as "".
std::string member(const boost::json::value& object, std::string_view name);

}  // namespace gust::cli
