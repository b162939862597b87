"""The resize function, its picture part on real files and its event part on fake buckets."""

import io
import json
import pathlib
import subprocess
import sys

import pytest
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE / "resize"))

import thumbnail  # noqa: E402

PICTURES = HERE / "pictures"
EXPECTED = json.loads((HERE / "expected.json").read_text())
MAX_PIXELS = 64_000_000


def make(path, size=200):
    made = thumbnail.make_thumbnail(str(path), size, MAX_PIXELS)
    picture = Image.open(io.BytesIO(made.body))
    picture.load()
    assert picture.size == (made.width, made.height)
    assert made.content_type == Image.MIME[picture.format]
    return picture


@pytest.mark.parametrize("name", EXPECTED["thumbnails"])
def test_thumbnail_has_the_expected_size(name):
    assert list(make(PICTURES / name).size) == EXPECTED["thumbnails"][name]


@pytest.mark.parametrize("name", EXPECTED["refused"])
def test_bad_file_is_refused_with_a_reason(name):
    with pytest.raises(thumbnail.BadPicture, match=EXPECTED["refused"][name]):
        make(PICTURES / name)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_every_orientation_comes_out_upright(orientation):
    upright = make(PICTURES / "orientation-1.jpg").convert("L")
    turned = make(PICTURES / f"orientation-{orientation}.jpg").convert("L")
    far_off = sum(abs(a - b) > 60 for a, b in zip(upright.tobytes(), turned.tobytes()))
    assert far_off < 0.01 * 200 * 150


def test_transparency_is_kept():
    for name, format in (("badge-transparent.png", "PNG"), ("badge-transparent.webp", "WEBP")):
        made = make(PICTURES / name)
        assert made.format == format
        assert made.getchannel("A").getextrema()[0] == 0  # the corners are see-through


def test_opaque_pictures_become_jpeg(tmp_path):
    Image.new("RGBA", (300, 300), (200, 30, 30, 255)).save(tmp_path / "opaque.png")
    assert make(tmp_path / "opaque.png").format == "JPEG"


def test_no_metadata_reaches_the_thumbnail():
    with Image.open(PICTURES / "lake-0.3mp.jpg") as original:
        assert original.getexif().get(0x013B) == "A. Photographer"
    made = thumbnail.make_thumbnail(str(PICTURES / "lake-0.3mp.jpg"), 200, MAX_PIXELS)
    assert b"Photographer" not in made.body and b"Exif" not in made.body
    assert not Image.open(io.BytesIO(made.body)).getexif()


def test_sixteen_bit_grey_keeps_its_shades():
    low, high = make(PICTURES / "grey-16bit.png").getextrema()
    assert low < 110 and 230 < high  # clipped to white it would be 255 throughout


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK", "F"])
def test_every_mode_can_be_reduced(tmp_path, mode):
    path = tmp_path / "picture.tiff"
    Image.new(mode, (640, 320)).save(path)
    assert make(path).size == (200, 100)


@pytest.mark.parametrize("format", ["GIF", "BMP", "TIFF", "PNG", "WEBP", "JPEG", "AVIF", "JPEG2000", "MPO"])
def test_every_format_can_be_read(tmp_path, format):
    path = tmp_path / "picture"
    Image.new("RGB", (100, 400), (10, 120, 200)).save(path, format)
    assert make(path).size == (50, 200)


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(thumbnail.BadPicture, match="empty"):
        make(tmp_path / "empty.jpg")


def test_every_cut_of_a_png_is_refused(tmp_path):
    whole = (PICTURES / "palette.png").read_bytes()
    for part in (10, 40, 100, len(whole) // 2, len(whole) - 30):
        (tmp_path / "cut.png").write_bytes(whole[:part])
        with pytest.raises(thumbnail.BadPicture):
            make(tmp_path / "cut.png")


def test_fit_never_enlarges_and_never_vanishes():
    assert thumbnail.fit(1, 1, 200) == (1, 1)
    assert thumbnail.fit(200, 200, 200) == (200, 200)
    assert thumbnail.fit(100000, 1, 200) == (200, 1)
    assert thumbnail.fit(4000, 3000, 200) == (200, 150)


def test_fifty_megapixels_fit_in_the_functions_memory():
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import thumbnail;"
        "thumbnail.make_thumbnail(sys.argv[2], 200, 64e6);"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"  # ru_maxrss has what forked it, too
    )
    command = [sys.executable, "-c", program, str(HERE / "resize"), str(PICTURES / "panorama-50mp.jpg")]
    peak_kib = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert peak_kib < 512 * 1024


class FakeS3:
    """Buckets in a dict, with the three calls that the function makes."""

    def __init__(self):
        self.objects = {}

    def get_object(self, Bucket, Key):
        if (Bucket, Key) not in self.objects:
            raise app_module().ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        body = self.objects[Bucket, Key]["Body"]
        return {"Body": io.BytesIO(body), "ContentLength": len(body)}

    def put_object(self, Bucket, Key, **rest):
        self.objects[Bucket, Key] = rest


def app_module():
    import app

    return app


@pytest.fixture
def function(monkeypatch):
    """The app module with fake buckets; boto3 is the runtime's, so a stand-in takes its place here."""
    import types

    class ClientError(Exception):
        def __init__(self, response, operation):
            super().__init__(operation)
            self.response = response

    s3 = FakeS3()
    exceptions = types.SimpleNamespace(ClientError=ClientError)
    monkeypatch.setitem(sys.modules, "boto3", types.SimpleNamespace(client=lambda service: s3))
    monkeypatch.setitem(sys.modules, "botocore", types.SimpleNamespace(exceptions=exceptions))
    monkeypatch.setitem(sys.modules, "botocore.exceptions", exceptions)
    monkeypatch.setenv("THUMBNAIL_BUCKET", "thumbs")
    monkeypatch.delitem(sys.modules, "app", raising=False)
    module = app_module()
    yield module, s3
    monkeypatch.delitem(sys.modules, "app", raising=False)


def event(*keys):
    return {"Records": [{"s3": {"bucket": {"name": "photos"}, "object": {"key": key}}} for key in keys]}


def test_the_event_key_is_decoded_and_the_thumbnail_has_it(function):
    app, s3 = function
    s3.objects["photos", "a lake (1) ü.jpg"] = {"Body": (PICTURES / "lake-0.3mp.jpg").read_bytes()}
    app.handler(event("a+lake+%281%29+%C3%BC.jpg"), None)
    stored = s3.objects["thumbs", "a lake (1) ü.jpg"]
    assert stored["ContentType"] == "image/jpeg"
    again = dict(s3.objects)
    app.handler(event("a+lake+%281%29+%C3%BC.jpg"), None)
    assert s3.objects == again  # the same event twice writes the same bytes


def test_a_bad_picture_leaves_its_reason_and_raises(function):
    app, s3 = function
    s3.objects["photos", "letter.jpg"] = {"Body": b"not a picture at all"}
    s3.objects["photos", "good.png"] = {"Body": (PICTURES / "pixel.png").read_bytes()}
    with pytest.raises(app.BadPicture, match="not a picture"):
        app.handler(event("letter.jpg", "good.png"), None)
    assert "not a picture" in json.loads(s3.objects["thumbs", "failed/letter.jpg.json"]["Body"])["reason"]
    assert ("thumbs", "good.png") in s3.objects  # the other record was done all the same


def test_a_deleted_object_is_no_error(function):
    app, s3 = function
    assert app.handler(event("gone.jpg"), None) == [{"key": "gone.jpg", "skipped": "deleted meanwhile"}]
    assert s3.objects == {}


def test_another_storage_error_is_raised_for_the_retry(function):
    app, s3 = function

    def refuse(Bucket, Key):
        raise app.ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")

    s3.get_object = refuse
    with pytest.raises(app.ClientError):
        app.handler(event("x.jpg"), None)


def test_an_event_without_records_does_nothing(function):
    app, _ = function
    assert app.handler({"Service": "Amazon S3", "Event": "s3:TestEvent"}, None) == []
