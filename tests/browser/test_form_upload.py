"""A page of another origin with a form that was signed for it: sent as a plain form, and by a script."""
from botocore.config import Config


def test_a_form_in_a_browser(gust, unique, chromium, page_server):
    s3 = gust.client("s3", config=Config(signature_version="s3v4"))
    s3.create_bucket(Bucket=unique)
    pages, origin = page_server
    s3.put_bucket_cors(Bucket=unique, CORSConfiguration={"CORSRules": [
        {"AllowedMethods": ["POST"], "AllowedOrigins": [origin], "ExposeHeaders": ["ETag"]}]})
    there = {"success_action_redirect": f"{origin}/done"}
    form = s3.generate_presigned_post(unique, "in/${filename}", Fields=there, Conditions=[there])
    inputs = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in form["fields"].items())
    pages["html"] = (f'<form action="{form["url"]}" method="post" enctype="multipart/form-data">{inputs}'
                     '<input type="file" name="file"><input type="submit" name="submit" value="Upload"></form>')
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(origin)
        page.set_input_files("[name=file]", {"name": "Grüße.txt", "mimeType": "text/plain", "buffer": b"hello"})
        page.click("[name=submit]")
        page.wait_for_url(f"{origin}/done?bucket={unique}&key=in%2FGr%C3%BC%C3%9Fe.txt&etag=**")
        assert s3.get_object(Bucket=unique, Key="in/Grüße.txt")["Body"].read() == b"hello"

        plain = s3.generate_presigned_post(unique, "by-script")
        sent = page.evaluate("""async ([url, fields]) => {
            const data = new FormData();
            for (const [name, value] of Object.entries(fields)) data.append(name, value);
            data.append('file', new Blob(['from a script']));
            const answer = await fetch(url, {method: 'POST', body: data});
            return [answer.status, answer.headers.get('etag')];
        }""", [plain["url"], plain["fields"]])
        assert sent == [204, s3.head_object(Bucket=unique, Key="by-script")["ETag"]]
    finally:
        context.close()
