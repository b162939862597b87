// A function without any library: answers each event with itself. One connection to the Runtime API, kept alive.
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kMaxMessage = 8 << 20, kMaxId = 128 };

static char buffer[kMaxMessage + 1];

static void die(const char* what) {
  perror(what);
  exit(1);
}

static int connect_to(const char* address) {
  char host[64];
  int port = 0;
  if (!address || sscanf(address, "%63[^:]:%d", host, &port) != 2) die("AWS_LAMBDA_RUNTIME_API");
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  if (inet_pton(AF_INET, host, &to.sin_addr) != 1) die("AWS_LAMBDA_RUNTIME_API");
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr*)&to, sizeof(to)) < 0) die("connect");
  return fd;
}

static void send_all(int fd, const char* data, size_t size) {
  while (size > 0) {
    ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent <= 0) die("send");
    data += sent;
    size -= (size_t)sent;
  }
}

// The value of a header, or NULL; the name is given with its colon.
static const char* header(const char* name) {
  for (const char* line = buffer; (line = strstr(line, "\r\n")) && line[2] != '\r';) {
    line += 2;
    if (strncasecmp(line, name, strlen(name)) == 0) return line + strlen(name) + strspn(line + strlen(name), " ");
  }
  return NULL;
}

// Reads one response into `buffer`; answers its body and the size of it.
static char* receive(int fd, size_t* size) {
  size_t have = 0;
  char* body = NULL;
  *size = 0;
  while (!body || (size_t)(buffer + have - body) < *size) {
    if (have == kMaxMessage) die("the event is too large");
    ssize_t got = recv(fd, buffer + have, kMaxMessage - have, 0);
    if (got <= 0) die("recv");
    have += (size_t)got;
    buffer[have] = 0;
    if (!body && (body = strstr(buffer, "\r\n\r\n"))) {
      body += 4;
      const char* length = header("content-length:");
      *size = length ? strtoul(length, NULL, 10) : 0;
    }
  }
  return body;
}

int main(void) {
  const char* address = getenv("AWS_LAMBDA_RUNTIME_API");
  int fd = connect_to(address);
  char head[512], id[kMaxId];
  for (;;) {
    int length = snprintf(head, sizeof(head), "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\n\r\n", address);
    send_all(fd, head, (size_t)length);
    size_t size;
    const char* event = receive(fd, &size);
    const char* found = header("lambda-runtime-aws-request-id:");
    if (!found || sscanf(found, "%127[^\r]", id) != 1) die("no request id");
    length = snprintf(head, sizeof(head),
                      "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: %s\r\n"
                      "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n", id, address, size);
    send_all(fd, head, (size_t)length);
    send_all(fd, event, size);
    receive(fd, &size);
  }
}
