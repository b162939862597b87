#include "http/tls.h"

#include "base/log.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <array>

namespace gust::http {
namespace {

namespace fs = std::filesystem;
namespace ssl = boost::asio::ssl;

// HTTP/1.1, for those who ask; whoever offers only others gets no answer to the question and may go on.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* length, const unsigned char* offered,
                    unsigned offered_length, void*) {
  static constexpr std::array<unsigned char, 9> kOurs{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (::SSL_select_next_proto(&chosen, length, kOurs.data(), kOurs.size(), offered, offered_length) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

std::unexpected<Error> unusable(std::string_view what, const std::string& path, const std::string& why) {
  return fail(Code::kInvalid, fmt::format("the {} '{}' cannot be used: {}", what, path, why), "tls");
}

}  // namespace

Result<std::shared_ptr<Tls>> Tls::open(std::string certificate, std::string key) {
  std::shared_ptr<Tls> out(new Tls(std::move(certificate), std::move(key)));
  out->read_at_ = out->times();
  GUST_TRY(out->context_, out->read());
  return out;
}

Tls::Times Tls::times() const {
  std::error_code absent;
  return {fs::last_write_time(certificate_, absent), fs::last_write_time(key_, absent)};
}

Result<std::unique_ptr<ssl::context>> Tls::read() const {
  auto out = std::make_unique<ssl::context>(ssl::context::tls_server);
  boost::system::error_code error;
  out->set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 | ssl::context::no_compression, error);
  ::SSL_CTX_set_alpn_select_cb(out->native_handle(), choose_protocol, nullptr);
  // Never asks on the terminal.
  out->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); }, error);
  out->use_certificate_chain_file(certificate_, error);
  if (error) return unusable("certificate", certificate_, error.message());
  out->use_private_key_file(key_, ssl::context::pem, error);
  if (error) return unusable("key", key_, error.message());
  if (::SSL_CTX_check_private_key(out->native_handle()) != 1)
    return unusable("key", key_, fmt::format("it is not that of '{}'", certificate_));
  return out;
}

ssl::context& Tls::context() {
  if (const auto now = times(); now != read_at_) {
    read_at_ = now;
    if (auto context = read()) {
      GUST_INFO("tls: '{}' was read again", certificate_);
      context_ = *std::move(context);  // connections that go on keep the one that they began with
    } else {
      GUST_WARN("tls: {}; the ones before stay", context.error().message);
    }
  }
  return *context_;
}

}  // namespace gust::http
