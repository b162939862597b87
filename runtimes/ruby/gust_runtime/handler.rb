# Finds the function's handler: "file.method" or "file.Module::Class.method", where the file may be in folders.
# frozen_string_literal: true

require_relative "errors"

module GustRuntime
  module Handler
    # Something that answers call(event:, context:). HandlerError, or whatever the code itself raises.
    def self.load(name, task_root)
      file, *rest = name.split(".")
      unless rest.size.between?(1, 2) && [file, *rest].none?(&:empty?)
        raise HandlerError, "Invalid handler '#{name}', must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD where " \
                            "FILENAME corresponds with an existing Ruby source file FILENAME.rb, CLASS is an optional " \
                            "module/class namespace and METHOD is a callable method."
      end
      require File.join(task_root, file)
      owner = rest.size == 2 ? constant(name, rest[0]) : Object
      method_of(owner, rest.last.to_sym, name)
    end

    def self.constant(name, path)
      Object.const_get(path)
    rescue NameError
      raise HandlerError, "The handler '#{name}': there is no module or class #{path} in the code"
    end

    # A function of a file is a private method of Object, which any object has; that of a class is its own.
    def self.method_of(owner, method, name)
      target = owner == Object ? TOPLEVEL_BINDING.receiver : owner
      raise HandlerError, "The handler '#{name}': #{method} is not defined" unless target.respond_to?(method, owner == Object)

      target.method(method)
    end
    private_class_method :constant, :method_of
  end
end
