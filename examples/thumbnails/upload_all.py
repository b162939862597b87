#!/usr/bin/env python3
"""Uploads every picture of a folder through the example's HTTP API and checks the thumbnails.

    upload_all.py --api URL [--expect expected.json] [--timeout 120] [--json] FOLDER

Waits until each thumbnail is there, checks that it decodes and, with --expect, that it has the size named there.
Sub-folders (bad/) are left out. Needs Pillow. Exit code: 0 all well, 1 a thumbnail is missing or wrong, 2 bad usage.
"""

import argparse
import concurrent.futures
import io
import json
import mimetypes
import pathlib
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from PIL import Image

mimetypes.add_type("image/webp", ".webp")
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}


class Wrong(Exception):
    """What is wrong with one picture, in words for the person at the terminal."""


def request(url, data=None, headers=None):
    """Returns (status, body). Raises Wrong if nobody answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers or {}), timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        raise Wrong(f"no answer from {url}: {getattr(error, 'reason', error)}") from None


def reason_of(status, body):
    try:
        return json.loads(body)["message"]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {status}: {body[:200].decode(errors='replace')}"


def upload(api, path):
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    headers = {"content-type": kind, "x-file-name": urllib.parse.quote(path.name)}
    status, body = request(f"{api}/photos", path.read_bytes(), headers)
    if status != 201:
        raise Wrong(f"refused: {reason_of(status, body)}")
    return json.loads(body)["key"]


def wait_for_thumbnail(api, key, deadline):
    """Polls with growing pauses. Returns the thumbnail's bytes."""
    url, pause = f"{api}/photos/{urllib.parse.quote(key, safe='')}/thumbnail", 0.05
    while True:
        status, body = request(url)
        if status == 200:
            return body
        if status != 404:
            raise Wrong(f"no thumbnail: {reason_of(status, body)}")
        if time.monotonic() > deadline:
            raise Wrong("no thumbnail in time")
        time.sleep(pause)
        pause = min(pause * 1.5, 1.0)


def check_thumbnail(body, expected):
    try:
        with Image.open(io.BytesIO(body)) as picture:
            picture.load()
            size, kind = picture.size, picture.format
    except Exception as error:
        raise Wrong(f"the thumbnail does not decode: {error}") from None
    if expected and list(size) != list(expected):
        raise Wrong(f"the thumbnail is {size[0]} x {size[1]}, expected {expected[0]} x {expected[1]}")
    return f"{size[0]} x {size[1]} {kind}"


def do_picture(api, path, expected, timeout):
    began = time.monotonic()
    key = upload(api, path)
    body = wait_for_thumbnail(api, key, began + timeout)
    return check_thumbnail(body, expected), time.monotonic() - began


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="folder of pictures")
    parser.add_argument("--api", required=True, help="address of the HTTP API (the stack's output ApiUrl)")
    parser.add_argument("--expect", type=pathlib.Path, help="expected.json: the size of each thumbnail")
    parser.add_argument("--timeout", type=float, default=120, help="seconds to wait for each thumbnail (120)")
    parser.add_argument("--parallel", type=int, default=4, help="pictures under way at once (4)")
    parser.add_argument("--json", action="store_true", help="one JSON object a picture instead of text")
    return parser, parser.parse_args()


def report(options, result):
    if options.json:
        print(json.dumps(result), flush=True)
        return
    mark = "ok    " if result["ok"] else "FAILED"
    seconds = f"  {result['seconds']:.2f} s" if result["ok"] else ""
    print(f"  {mark} {result['name']:<28} {result['detail']}{seconds}", flush=True)


def main():
    parser, options = parse_arguments()
    api = options.api.rstrip("/")
    if not options.folder.is_dir():
        parser.error(f"there is no folder {options.folder}")
    pictures = sorted(path for path in options.folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not pictures:
        parser.error(f"there are no pictures in {options.folder} (looked for {', '.join(sorted(SUFFIXES))})")
    expected = json.loads(options.expect.read_text())["thumbnails"] if options.expect else {}
    absent = sorted(set(expected) - {path.name for path in pictures})
    if absent:
        parser.error(f"{options.expect} names pictures that are not in {options.folder}: {', '.join(absent)}")

    try:
        status, body = request(f"{api}/photos?limit=1")
    except Wrong as wrong:
        sys.exit(f"upload_all.py: {wrong}")
    if status != 200:
        sys.exit(f"upload_all.py: {api} is not the example's API: {reason_of(status, body)}")

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.parallel) as pool:
        running = {
            pool.submit(do_picture, api, path, expected.get(path.name), options.timeout): path for path in pictures
        }
        for future in concurrent.futures.as_completed(running):
            result = {"name": running[future].name, "ok": True}
            try:
                result["detail"], result["seconds"] = future.result()
            except Wrong as wrong:
                result.update(ok=False, detail=str(wrong))
                failed += 1
            report(options, result)
    if not options.json:
        print(f"{len(pictures) - failed} of {len(pictures)} thumbnails are right.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
