# Started as `ruby /var/runtime/bootstrap.rb`: the runtime of Ruby functions.
# frozen_string_literal: true

require_relative "gust_runtime/loop"

GustRuntime.main
