# The Runtime API (docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) over one kept-alive connection. A bare socket:
# net/http costs tens of milliseconds to load, which every cold start would pay.
# frozen_string_literal: true

require "socket"

module GustRuntime
  # The Runtime API refused or broke the connection.
  class RuntimeApiError < StandardError; end

  class Client
    VERSION = "2018-06-01"

    def initialize(address)
      @address = address
      @host, _, port = address.rpartition(":")
      @port = Integer(port, 10)
      @socket = nil
    end

    # The next invocation: [headers with lower-case names, body]. Waits for as long as it takes.
    def next_invocation
      status, headers, body = request("GET", "/runtime/invocation/next", nil, {})
      raise RuntimeApiError, "runtime/invocation/next answered #{status}: #{body[0, 200]}" unless status == 200

      [headers, body]
    end

    def respond(request_id, body, content_type)
      request("POST", "/runtime/invocation/#{request_id}/response", body, { "Content-Type" => content_type })[0]
    end

    def fail(request_id, report)
      request("POST", "/runtime/invocation/#{request_id}/error", report.to_json, error_headers(report))[0]
    end

    def fail_init(report)
      request("POST", "/runtime/init/error", report.to_json, error_headers(report))[0]
    end

    private

    def error_headers(report)
      { "Content-Type" => "application/json",
        "Lambda-Runtime-Function-Error-Type" => report.type.gsub(/[^ -~]/, "?") }
    end

    def request(method, path, body, headers)
      lines = ["#{method} /#{VERSION}#{path} HTTP/1.1", "Host: #{@address}"]
      headers.each { |name, value| lines << "#{name}: #{value}" }
      lines << "Content-Length: #{body.bytesize}" if body
      @socket ||= connect
      @socket.write(lines.join("\r\n").b, "\r\n\r\n", (body || "").b)
      read_response
    rescue SystemCallError, EOFError, IOError => e
      raise RuntimeApiError, "the connection to the Runtime API broke: #{e.message}"
    end

    def connect
      socket = TCPSocket.new(@host, @port)
      socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
      socket.binmode
      socket
    end

    def read_response
      status, headers = read_head
      status, headers = read_head while status == 100
      body = headers["transfer-encoding"]&.downcase == "chunked" ? read_chunks : take(headers["content-length"].to_i)
      if headers["connection"]&.downcase == "close"
        @socket.close
        @socket = nil
      end
      [status, headers, body]
    end

    def read_head
      status = line.split(" ", 3)[1].to_i
      headers = {}
      until (text = line).empty?
        name, _, value = text.partition(":")
        headers[name.strip.downcase] = value.strip
      end
      [status, headers]
    end

    def read_chunks
      body = String.new(encoding: Encoding::BINARY)
      while (size = line.to_i(16)).positive?
        body << take(size)
        line
      end
      nil until line.empty?
      body
    end

    def line
      (@socket.gets("\r\n") || raise(EOFError, "it was closed")).chomp("\r\n")
    end

    def take(size)
      return String.new if size.zero?

      data = @socket.read(size)
      raise EOFError, "it was closed" if data.nil? || data.bytesize < size

      data
    end
  end
end
