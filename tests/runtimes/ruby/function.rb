# A function in Ruby: echoes, uses S3 by Debian's ruby-aws-sdk-s3, fails.
# frozen_string_literal: true

require "json"

# Writes an object and reads it again. The SDK of Debian 12 does not know AWS_ENDPOINT_URL yet.
def object(event)
  require "aws-sdk-s3"
  client = Aws::S3::Client.new(endpoint: ENV.fetch("AWS_ENDPOINT_URL"), force_path_style: true)
  client.put_object(bucket: event["bucket"], key: event["key"], body: event["text"])
  { text: client.get_object(bucket: event["bucket"], key: event["key"]).body.read }
end

def handle(event:, context:)
  case event["do"]
  when "object" then object(event)
  when "fail" then raise ArgumentError, "this went wrong"
  when "context"
    { name: context.function_name, left: context.get_remaining_time_in_millis, id: context.aws_request_id,
      arn: context.invoked_function_arn, memory: context.memory_limit_in_mb, client: context.client_context }
  when "unwritable" then Float::NAN
  else { got: event }
  end
end

module Deep
  class Handlers
    def self.process(event:, context:)
      { deep: event }
    end
  end
end
