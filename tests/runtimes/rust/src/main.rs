//! A function in Rust on the Runtime API alone: echoes, makes a signed request to S3, fails, panics.
mod http;
mod s3;

use std::panic::catch_unwind;

const API: &str = "/2018-06-01/runtime/invocation/";

/// The value of a member that is a plain text, or "". The tests send no escapes.
fn text<'a>(json: &'a str, name: &str) -> &'a str {
    let mark = format!("\"{name}\": \"");
    json.split_once(&mark).and_then(|(_, rest)| rest.split_once('"')).map_or("", |(value, _)| value)
}

/// The answer as JSON, or the type and the message of an error.
fn handle(event: &str) -> Result<String, (String, String)> {
    match text(event, "do") {
        "fail" => Err(("Hello.Wrong".into(), "this went wrong".into())),
        "panic" => panic!("this went very wrong"),
        "object" => {
            let path = format!("/{}/{}", text(event, "bucket"), text(event, "key"));
            s3::request("PUT", &path, text(event, "text"))
                .and_then(|_| s3::request("GET", &path, ""))
                .map(|got| format!("{{\"text\": \"{got}\"}}"))
                .map_err(|error| ("Hello.S3".into(), error.to_string()))
        }
        _ => Ok(format!("{{\"got\": {event}}}")),
    }
}

fn main() -> std::io::Result<()> {
    let address = std::env::var("AWS_LAMBDA_RUNTIME_API").expect("AWS_LAMBDA_RUNTIME_API");
    let mut api = http::Connection::open(&address)?;
    loop {
        let next = api.request("GET", &format!("{API}next"), &[], "")?;
        if next.status != 200 {
            return Ok(());
        }
        let id = next.header("lambda-runtime-aws-request-id").to_string();
        let result = catch_unwind(|| handle(&next.body)).unwrap_or_else(|panic| {
            let message = panic.downcast_ref::<&str>().unwrap_or(&"a panic");
            Err(("Hello.Panic".into(), message.to_string()))
        });
        match result {
            Ok(answer) => api.request("POST", &format!("{API}{id}/response"), &[], &answer)?,
            Err((kind, message)) => {
                let report = format!("{{\"errorMessage\": {message:?}, \"errorType\": {kind:?}, \"stackTrace\": []}}");
                let headers = [("Lambda-Runtime-Function-Error-Type", kind.as_str())];
                api.request("POST", &format!("{API}{id}/error"), &headers, &report)?
            }
        };
    }
}
