//! One request to the object store at $AWS_ENDPOINT_URL, signed (SigV4) with the function's own keys.
use crate::http::Connection;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::env::var;
use std::time::{SystemTime, UNIX_EPOCH};

type Failure = Box<dyn std::error::Error>;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length of key");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// "20240229" and "20240229T120000Z", by the days of eras of 400 years.
fn today(seconds: u64) -> (String, String) {
    let days = seconds / 86400 + 719468;
    let (era, of_era) = (days / 146097, days % 146097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let date = format!("{year:04}{month:02}{day:02}");
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let time = format!("{date}T{hour:02}{minute:02}{second:02}Z");
    (date, time)
}

/// The body of the answer; an error when it is no success. `path` needs no escapes.
pub fn request(method: &str, path: &str, body: &str) -> Result<String, Failure> {
    let host = var("AWS_ENDPOINT_URL")?.replace("http://", "");
    let (region, token) = (var("AWS_REGION")?, var("AWS_SESSION_TOKEN")?);
    let (date, time) = today(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs());
    let digest = hex(&Sha256::digest(body));
    let scope = format!("{date}/{region}/s3/aws4_request");
    let names = "host;x-amz-content-sha256;x-amz-date;x-amz-security-token";
    let canonical = format!(
        "{method}\n{path}\n\nhost:{host}\nx-amz-content-sha256:{digest}\nx-amz-date:{time}\n\
         x-amz-security-token:{token}\n\n{names}\n{digest}"
    );
    let mut key = format!("AWS4{}", var("AWS_SECRET_ACCESS_KEY")?).into_bytes();
    for part in [&date, &region, "s3", "aws4_request"] {
        key = hmac(&key, part);
    }
    let signed = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={}",
        var("AWS_ACCESS_KEY_ID")?,
        hex(&hmac(&key, &signed))
    );
    let headers = [
        ("X-Amz-Content-Sha256", digest.as_str()),
        ("X-Amz-Date", &time),
        ("X-Amz-Security-Token", &token),
        ("Authorization", &authorization),
    ];
    let reply = Connection::open(&host)?.request(method, path, &headers, body)?;
    match reply.status {
        200 => Ok(reply.body),
        status => Err(format!("{status}: {}", reply.body).into()),
    }
}
