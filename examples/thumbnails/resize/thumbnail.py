"""Makes a thumbnail of one picture file. Knows pictures only: no buckets, no events."""

import dataclasses
import io
import os

from PIL import Image, ImageCms

# Only raster formats that Pillow decodes by itself. EPS and PDF would start other programs.
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "JPEG2000")
ORIENTATION = 0x0112
DEEP_GREY = ("I", "I;16", "I;16B", "I;16L", "I;16N")
TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# The limit on pixels is ours (make_thumbnail), checked before anything is decoded.
Image.MAX_IMAGE_PIXELS = None


class BadPicture(Exception):
    """The file itself is at fault: trying again cannot help. The message is meant for people."""


@dataclasses.dataclass(frozen=True)
class Thumbnail:
    body: bytes
    content_type: str
    width: int
    height: int


def fit(width, height, size):
    """The largest (width, height) of the same shape in size x size; never larger than the picture."""
    longest = max(width, height)
    if longest <= size:
        return width, height
    return tuple(max(1, (2 * side * size + longest) // (2 * longest)) for side in (width, height))


def make_thumbnail(path, size, max_pixels):
    """Decodes the file at path and returns its Thumbnail. Raises BadPicture if that cannot be done."""
    if os.path.getsize(path) == 0:
        raise BadPicture("The file is empty.")
    try:
        with Image.open(path, formats=FORMATS) as picture:
            refuse_bomb(picture.size, max_pixels)
            return encode(upright_small_copy(picture, size), picture.format)
    except BadPicture:
        raise
    except Image.UnidentifiedImageError:
        raise BadPicture(f"This is not a picture in a known format ({', '.join(FORMATS)}).") from None
    except MemoryError:
        raise  # the function's memory setting is at fault, not the file
    except Exception as error:
        # Decoders report damage in many ways: OSError, SyntaxError, ValueError, struct.error, zlib.error ...
        raise BadPicture(f"The picture is damaged or incomplete: {error}.") from error


def refuse_bomb(size, max_pixels):
    width, height = size
    if width * height > max_pixels:
        raise BadPicture(
            f"The picture has {width} x {height} pixels, which is {width * height / 1e6:.1f} megapixels; "
            f"at most {max_pixels / 1e6:g} are accepted."
        )


def upright_small_copy(picture, size):
    """The picture in its first frame, reduced, turned as its EXIF orientation says, in 8-bit sRGB, grey or RGBA."""
    target = fit(*picture.size, size)
    # A JPEG is decoded at 1/2, 1/4 or 1/8, still at least twice the target: a fraction of the time and memory.
    picture.draft(None, tuple(2 * side for side in target))
    picture.load()
    orientation = read_orientation(picture)
    profile = picture.info.get("icc_profile")
    small = resizable(picture).resize(target, Image.Resampling.LANCZOS, reducing_gap=3.0)
    small = to_srgb(eight_bit(small), profile)
    return small.transpose(TRANSPOSE[orientation]) if orientation in TRANSPOSE else small


def read_orientation(picture):
    try:
        return picture.getexif().get(ORIENTATION, 1)
    except Exception:  # damaged metadata does not make the pixels worse
        return 1


def resizable(picture):
    """The same pixels in a mode that can be interpolated."""
    if picture.mode in DEEP_GREY:
        return picture.convert("I")
    if picture.mode in ("L", "RGB", "CMYK", "F") and "transparency" not in picture.info:
        return picture
    if picture.mode == "1":
        return picture.convert("L")
    if picture.mode in ("YCbCr", "HSV"):
        return picture.convert("RGB")
    has_alpha = picture.mode in ("RGBA", "LA", "PA", "RGBa", "La", "RGBX") or "transparency" in picture.info
    return picture.convert("RGBA" if has_alpha else "RGB")


def eight_bit(small):
    if small.mode == "I":  # 16 bits a pixel in a wider integer
        return small.point(lambda value: value * (1 / 257)).convert("L")
    if small.mode == "F":
        low, high = small.getextrema()
        scale = 255 / (high - low) if high > low else 0
        return small.point(lambda value: value * scale - low * scale).convert("L")
    return small


def to_srgb(small, profile):
    """Applies and drops the colour profile, so that the thumbnail looks right without carrying it."""
    if profile and small.mode in ("RGB", "RGBA", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            mode = "RGB" if small.mode in ("CMYK", "L") else small.mode
            return ImageCms.profileToProfile(small, source, ImageCms.createProfile("sRGB"), outputMode=mode)
        except (ImageCms.PyCMSError, OSError):
            pass  # a broken profile: the plain conversion below is the best guess
    return small.convert("RGB") if small.mode == "CMYK" else small


def encode(small, source_format):
    """Transparent pictures stay transparent (WebP from WebP, else PNG); all others become JPEG."""
    clean = Image.new(small.mode, small.size)  # a fresh image has no EXIF, text or profile to leak
    clean.paste(small)
    out = io.BytesIO()
    if clean.mode == "RGBA" and clean.getextrema()[3][0] < 255:
        if source_format == "WEBP":
            clean.save(out, "WEBP", quality=82, method=4)
            kind = "image/webp"
        else:
            clean.save(out, "PNG", optimize=True)
            kind = "image/png"
    else:
        if clean.mode != "L":
            clean = clean.convert("RGB")
        clean.save(out, "JPEG", quality=85, optimize=True)
        kind = "image/jpeg"
    return Thumbnail(out.getvalue(), kind, clean.width, clean.height)
