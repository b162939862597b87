package hello;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import java.net.URI;
import java.util.Map;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.services.s3.S3Client;

/** A function in Java, as both kinds of handler: echoes, uses S3 by the official SDK, fails. */
public class Hello implements RequestHandler<Map<String, Object>, Object> {
  @Override
  public Object handleRequest(Map<String, Object> event, Context context) {
    String what = String.valueOf(event.get("do"));
    if (what.equals("fail")) throw new IllegalArgumentException("this went wrong");
    if (what.equals("object"))
      return object((String) event.get("bucket"), (String) event.get("key"), (String) event.get("text"));
    if (what.equals("log")) {
      context.getLogger().log("looked", LogLevel.DEBUG);
      context.getLogger().log("few left", LogLevel.WARN);
    }
    if (what.equals("context"))
      return Map.of("name", context.getFunctionName(), "left", context.getRemainingTimeInMillis(), "id",
          context.getAwsRequestId(), "memory", context.getMemoryLimitInMB());
    return Map.of("got", event);
  }

  public Object method(Map<String, Object> event, Context context) {
    return Map.of("method", event);
  }

  /** Writes an object and reads it again. */
  private static Object object(String bucket, String key, String text) {
    try (S3Client s3 = S3Client.builder().httpClient(UrlConnectionHttpClient.create()).forcePathStyle(true)
             .endpointOverride(URI.create(System.getenv("AWS_ENDPOINT_URL"))).build()) {
      s3.putObject(r -> r.bucket(bucket).key(key), RequestBody.fromString(text));
      return Map.of("text", s3.getObjectAsBytes(r -> r.bucket(bucket).key(key)).asUtf8String());
    }
  }
}
