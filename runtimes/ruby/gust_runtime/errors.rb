# Errors as the service shows them: {"errorMessage", "errorType", "stackTrace"}. The type says when it happened and what
# it was: Function<ZeroDivisionError>, Init<LoadError>, Runtime<...>.
# frozen_string_literal: true

require "json"

module GustRuntime
  # The handler's name is wrong, or means nothing in the function's code.
  class HandlerError < StandardError; end

  # One error, ready to be posted and logged.
  class Report
    OWN = %r{\A(?:/var/runtime/|<internal:)}.freeze

    attr_reader :type

    def initialize(phase, error)
      @type = "#{phase}<#{error.class}>"
      @message = error.message.dup.force_encoding(Encoding::UTF_8).scrub
      @stack = (error.backtrace || []).reject { |frame| OWN.match?(frame) }.map { |frame| frame.dup.scrub }
    end

    def to_json(*)
      JSON.generate("errorMessage" => @message, "errorType" => @type, "stackTrace" => @stack)
    end

    def log
      $stdout.puts("Error raised from #{@type.sub('<', ' <')}: #{@message}", *@stack.map { |frame| "\t#{frame}" })
    end
  end
end
