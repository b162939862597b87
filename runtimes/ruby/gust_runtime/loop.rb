# The life of a function instance: load the handler, then take one invocation after another.
# frozen_string_literal: true

require_relative "client"
require_relative "context"
require_relative "errors"
require_relative "handler"

module GustRuntime
  EXIT_INIT_FAILED = 1
  # What a handler may raise and yet leave the instance usable; the rest (exit, signals, no memory) ends it.
  CAUGHT = [StandardError, ScriptError, SystemStackError].freeze

  def self.main
    $stdout.sync = $stderr.sync = true
    task_root = ENV.fetch("LAMBDA_TASK_ROOT", "/var/task")
    set_paths(task_root)
    $stdout.puts("INIT_START Runtime Version: ruby:#{RUBY_VERSION}")
    client = Client.new(ENV.fetch("AWS_LAMBDA_RUNTIME_API"))
    handler = load_handler(client, task_root)
    loop { serve_one(client, handler) }
  end

  # The function's own gems, those of its layers, then the host's.
  def self.set_paths(task_root)
    version = RbConfig::CONFIG["ruby_version"]
    gems = ["#{task_root}/vendor/bundle/ruby/#{version}", "/opt/ruby/gems/#{version}"].select { |f| File.directory?(f) }
    Gem.paths = { "GEM_HOME" => Gem.dir, "GEM_PATH" => (gems + Gem.path).join(File::PATH_SEPARATOR) } unless gems.empty?
    $LOAD_PATH.unshift(task_root, "/opt/ruby/lib")
  end

  def self.load_handler(client, task_root)
    Handler.load(ENV.fetch("_HANDLER", ""), task_root)
  rescue *CAUGHT => e
    report = Report.new("Init", e)
    report.log
    client.fail_init(report)
    exit!(EXIT_INIT_FAILED)
  end

  def self.serve_one(client, handler)
    headers, body = client.next_invocation
    request_id = headers["lambda-runtime-aws-request-id"]
    trace = headers["lambda-runtime-trace-id"]
    trace.nil? || trace.empty? ? ENV.delete("_X_AMZN_TRACE_ID") : ENV["_X_AMZN_TRACE_ID"] = trace
    begin
      answer, content_type = answer_of(handler.call(event: event_of(body), context: Context.new(headers)))
    rescue *CAUGHT => e
      report = Report.new("Function", e)
      report.log
      client.fail(request_id, report)
    else
      client.respond(request_id, answer, content_type)
    end
  end

  def self.event_of(body)
    body.empty? ? nil : JSON.parse(body.force_encoding(Encoding::UTF_8))
  end

  # A stream goes out as it is, everything else as JSON.
  def self.answer_of(result)
    return [result.read.to_s, "application/octet-stream"] if result.respond_to?(:read)

    [JSON.generate(result), "application/json"]
  end
  private_class_method :set_paths, :load_handler, :serve_one, :event_of, :answer_of
end
