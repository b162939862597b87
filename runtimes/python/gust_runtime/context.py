"""The context object that a handler gets, with the members of the public Python runtime."""
import os
import time


class _Members:
    """Named members; what the caller did not send is None."""

    __slots__ = ()

    def __init__(self, values=None):
        for name in self.__slots__:
            setattr(self, name, (values or {}).get(name))

    def __repr__(self):
        members = ",".join("%s=%r" % (name, getattr(self, name)) for name in self.__slots__)
        return "%s([%s])" % (type(self).__name__, members)


class CognitoIdentity(_Members):
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(_Members):
    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


class ClientContext(_Members):
    __slots__ = ("custom", "env", "client")


def _parse(header):
    if not header:
        return None
    import json

    return json.loads(header)


def _client_context(header):
    values = _parse(header)
    if values is None:
        return None
    made = ClientContext(values)
    made.client = Client(values.get("client"))
    return made


def _identity(header):
    values = _parse(header) or {}
    made = CognitoIdentity()
    made.cognito_identity_id = values.get("cognitoIdentityId")
    made.cognito_identity_pool_id = values.get("cognitoIdentityPoolId")
    return made


class LambdaContext:
    def __init__(self, headers):
        env = os.environ.get
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.log_group_name = env("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = env("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = env("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = env("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self.client_context = _client_context(headers.get("lambda-runtime-client-context"))
        self.identity = _identity(headers.get("lambda-runtime-cognito-identity"))
        self._epoch_deadline_time_in_ms = int(headers["lambda-runtime-deadline-ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._epoch_deadline_time_in_ms - int(time.time() * 1000))

    def log(self, message):
        import sys

        sys.stdout.write(str(message))

    def __repr__(self):
        members = ",".join("%s=%r" % item for item in vars(self).items() if not item[0].startswith("_"))
        return "LambdaContext([%s])" % members
