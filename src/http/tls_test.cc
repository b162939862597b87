// The server by TLS over real loopback sockets, with certificates made here.
#include "async/testing.h"
#include "http/client.h"
#include "http/testing.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace gust::http {
namespace {

namespace fs = std::filesystem;
namespace ssl = boost::asio::ssl;
using async::Task;
using boost::asio::ip::tcp;

// A certificate that signs itself, for the name, and its key, as two files.
void make_certificate(const fs::path& certificate, const fs::path& key, const char* name) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> x509(X509_new(), X509_free);
  X509_set_version(x509.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 3600);
  X509_set_pubkey(x509.get(), pair.get());
  auto* const subject = X509_get_subject_name(x509.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(x509.get(), subject);
  X509_sign(x509.get(), pair.get(), EVP_sha256());
  // Renamed into place, as tools that renew certificates do.
  const auto write = [](const fs::path& path, const auto& put) {
    std::FILE* const file = std::fopen((path.string() + ".new").c_str(), "w");
    ASSERT_NE(file, nullptr);
    put(file);
    std::fclose(file);
    fs::rename(path.string() + ".new", path);
  };
  write(key, [&](std::FILE* file) { PEM_write_PrivateKey(file, pair.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  write(certificate, [&](std::FILE* file) { PEM_write_X509(file, x509.get()); });
}

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    std::string name = (fs::temp_directory_path() / "gust-tls-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    make_certificate(certificate(), key(), "first");
  }
  ~TlsTest() override {
    server_.stop();
    fs::remove_all(folder_);
  }

  std::string certificate() const { return folder_ / "cert.pem"; }
  std::string key() const { return folder_ / "key.pem"; }

  void start(ServerSettings settings = {}) {
    auto tls = Tls::open(certificate(), key());
    ASSERT_TRUE(tls) << tls.error().message;
    server_.start(settings, [](RequestContext, Request request) { return echo(std::move(request)); }, *std::move(tls));
  }

  static Task<Response> echo(Request request) {
    Response response;
    response.headers.add("x-tls", std::string(request.tls));
    if (request.handshake) response.headers.add("x-cipher", request.handshake->cipher);
    GUST_CO_TRY(response.body, co_await async::read_all(*request.body, 64 << 20));
    co_return response;
  }

  // What the client of this module is answered, or its error; it trusts `authority`.
  Result<std::string> ask(const std::string& host, const std::string& authority, int times = 1) {
    boost::asio::io_context loop;
    return async::testing::run(loop, [&]() -> Task<std::string> {
      const auto client = make_client(loop.get_executor(), authority);
      std::string got;
      for (int i = 0; i < times; ++i) {
        Request request;
        request.method = "POST";
        request.target = "/";
        request.body = async::from_string(std::string(300'000, 'b'));
        const Origin to{host, server_.port(), true};
        GUST_CO_TRY(auto response, co_await client->send(to, std::move(request),
                                                         SteadyTime::clock::now() + Millis(20'000)));
        got += response.headers.get_or("x-cipher", "no handshake");
        GUST_CO_TRY(const auto body, co_await async::read_all(*response.stream, 1 << 20));
        got += fmt::format(" {} ", body.size());
      }
      co_return got;
    });
  }

  struct Client {
    explicit Client(std::uint16_t port, int most_version = TLS1_3_VERSION)
        : context(context_of(most_version)), stream(loop, context) {
      stream.next_layer().connect({boost::asio::ip::address_v4::loopback(), port});
    }
    // Offers old versions, too, as OpenSSL does not by itself.
    static ssl::context context_of(int most_version) {
      ssl::context out(ssl::context::tls_client);
      ::SSL_CTX_set_security_level(out.native_handle(), 0);
      ::SSL_CTX_set_max_proto_version(out.native_handle(), most_version);
      return out;
    }
    boost::system::error_code shake_hands() {
      boost::system::error_code error;
      stream.handshake(ssl::stream_base::client, error);
      return error;
    }
    std::string subject() const {
      const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(
          const_cast<SSL*>(const_cast<ssl::stream<tcp::socket>&>(stream).native_handle())), X509_free);
      char text[100] = {};
      X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, text, sizeof text);
      return text;
    }
    // Until the server has said all of its answer: its head and what Content-Length says.
    std::string ask(const std::string& body) {
      boost::asio::write(stream, boost::asio::buffer(
          "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body));
      std::string got;
      char piece[65536];
      for (std::size_t end = std::string::npos; end == std::string::npos || got.size() < end + 4 + body.size();
           end = got.find("\r\n\r\n"))
        got.append(piece, stream.read_some(boost::asio::buffer(piece)));
      return got;
    }

    boost::asio::io_context loop;
    ssl::context context;
    ssl::stream<tcp::socket> stream;
  };

  fs::path folder_;
  testing::RunningServer server_;
};

TEST_F(TlsTest, TheFirstRequestOfAConnectionKnowsItsHandshake) {
  start();
  Client client(server_.port());
  ASSERT_FALSE(client.shake_hands());
  const auto first = client.ask("one"), second = client.ask("two");
  EXPECT_NE(first.find("x-tls: TLSv1.3\r\nx-cipher: TLS_"), std::string::npos) << first;
  EXPECT_TRUE(first.ends_with("one"));
  EXPECT_NE(second.find("x-tls: TLSv1.3\r\n"), std::string::npos) << second;
  EXPECT_EQ(second.find("x-cipher"), std::string::npos) << second;
}

TEST_F(TlsTest, LargeBodiesPassBothWays) {
  start();
  Client client(server_.port(), TLS1_2_VERSION);
  ASSERT_FALSE(client.shake_hands());
  std::string body(5'000'000, 'b');
  for (std::size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('a' + i % 26);
  const auto answer = client.ask(body);
  EXPECT_NE(answer.find("x-tls: TLSv1.2"), std::string::npos) << answer.substr(0, 300);
  EXPECT_TRUE(answer.ends_with(body));
}

TEST_F(TlsTest, OldVersionsAreRefused) {
  start();
  EXPECT_TRUE(Client(server_.port(), TLS1_1_VERSION).shake_hands());
  EXPECT_FALSE(Client(server_.port()).shake_hands());
}

TEST_F(TlsTest, ARenewedCertificateIsShownAndABrokenOneIsNot) {
  start();
  const auto shown = [&] {
    Client client(server_.port());
    EXPECT_FALSE(client.shake_hands());
    return client.subject();
  };
  Client before(server_.port());
  ASSERT_FALSE(before.shake_hands());
  EXPECT_EQ(before.subject(), "first");
  make_certificate(certificate(), key(), "second");
  EXPECT_EQ(shown(), "second");
  std::ofstream(certificate()) << "not a certificate";
  EXPECT_EQ(shown(), "second");
  EXPECT_TRUE(before.ask("still here").ends_with("still here"));
  make_certificate(certificate(), key(), "third");
  EXPECT_EQ(shown(), "third");
}

TEST_F(TlsTest, PlainHttpIsToldWhatIsSpoken) {
  start();
  boost::asio::io_context loop;
  tcp::socket socket(loop);
  socket.connect({boost::asio::ip::address_v4::loopback(), server_.port()});
  boost::asio::write(socket, boost::asio::buffer(std::string("GET / HTTP/1.1\r\nHost: h\r\n\r\n")));
  std::string answer;
  boost::system::error_code error;
  boost::asio::read(socket, boost::asio::dynamic_buffer(answer), error);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("this port speaks TLS: the address begins with https://\n")) << answer;
}

TEST_F(TlsTest, WhoNeverShakesHandsIsLetGo) {
  start({.idle_timeout = Millis(40), .handshake_timeout = Millis(50)});
  boost::asio::io_context loop;
  tcp::socket socket(loop);
  socket.connect({boost::asio::ip::address_v4::loopback(), server_.port()});
  char byte = 0;
  boost::system::error_code error;
  socket.read_some(boost::asio::buffer(&byte, 1), error);  // waits until the server closes
  EXPECT_EQ(error, boost::asio::error::eof);
}

TEST_F(TlsTest, TheClientTrustsAnAuthorityOfItsOwnAndKeepsTheConnection) {
  make_certificate(certificate(), key(), "localhost");
  start();
  EXPECT_EQ(ask("localhost", certificate(), 2).value(), "TLS_AES_256_GCM_SHA384 300000 no handshake 300000 ");
}

TEST_F(TlsTest, TheClientTrustsNobodyElse) {
  make_certificate(certificate(), key(), "localhost");
  start();
  const auto refusal = [&](const std::string& host, const std::string& authority) {
    const auto answer = ask(host, authority);
    if (answer) return *answer;
    EXPECT_EQ(answer.error().source, "certificate");
    return answer.error().message.substr(answer.error().message.find(": ") + 2);
  };
  EXPECT_EQ(refusal("127.0.0.1", certificate()), "its certificate is not trusted: IP address mismatch");
  EXPECT_EQ(refusal("localhost", ""), "its certificate is not trusted: self-signed certificate");
  EXPECT_EQ(refusal("::ffff:127.0.0.1%1", certificate()), "no certificate can be held to this name");
  make_certificate(folder_ / "other.pem", folder_ / "other-key.pem", "localhost");
  EXPECT_EQ(refusal("localhost", folder_ / "other.pem"), "its certificate is not trusted: self-signed certificate");
  make_certificate(certificate(), key(), "elsewhere");
  EXPECT_EQ(refusal("localhost", certificate()), "its certificate is not trusted: hostname mismatch");
  const auto unread = ask("localhost", "/nowhere.pem").error();
  EXPECT_EQ(unread.code, Code::kInvalid);
  EXPECT_TRUE(unread.message.starts_with("the certificates '/nowhere.pem' cannot be used: ")) << unread.message;
}

TEST_F(TlsTest, TheClientKnowsWhatSpeaksNoTls) {
  server_.start({}, [](RequestContext, Request request) { return echo(std::move(request)); });
  const auto error = ask("localhost", certificate()).error();
  EXPECT_EQ(error.source, "tls");
  EXPECT_TRUE(error.message.ends_with("does not speak TLS")) << error.message;
}

TEST_F(TlsTest, TheClientWaitsForAHandshakeUntilItsDeadline) {
  const auto silent = listen_tcp("127.0.0.1", 0).value();  // the kernel takes its connections, and that is all
  boost::asio::io_context loop;
  const auto answer = async::testing::run(loop, [&]() -> Task<int> {
    const auto client = make_client(loop.get_executor());
    Request request;
    request.method = "GET";
    request.target = "/";
    const Origin to{"127.0.0.1", silent.port, true};
    GUST_CO_CHECK(co_await client->send(to, std::move(request), SteadyTime::clock::now() + Millis(50)));
    co_return 1;
  });
  EXPECT_EQ(answer.error().code, Code::kTimeout);
  ::close(silent.fd);
}

TEST_F(TlsTest, FilesThatCannotBeUsedAreNamed) {
  const auto refusal = [&](const std::string& certificate, const std::string& key) {
    const auto opened = Tls::open(certificate, key);
    return opened ? "opened" : opened.error().message;
  };
  EXPECT_TRUE(refusal("/nowhere.pem", key()).starts_with("the certificate '/nowhere.pem' cannot be used: "));
  EXPECT_TRUE(refusal(certificate(), certificate()).starts_with("the key '" + certificate() + "' cannot be used: "));
  make_certificate(folder_ / "other.pem", folder_ / "other-key.pem", "other");
  const auto message = refusal(certificate(), folder_ / "other-key.pem");
  EXPECT_TRUE(message.starts_with("the key '") && message.contains("other-key.pem' cannot be used: ")) << message;
}

}  // namespace
}  // namespace gust::http
