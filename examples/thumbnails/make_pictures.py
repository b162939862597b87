#!/usr/bin/env python3
"""Makes the example's pictures (pictures/) and the expected.json beside it. The same input gives the same pixels every time.

    python3 -m venv .venv && .venv/bin/pip install pillow numpy && .venv/bin/python make_pictures.py

The pictures are in the repository; this script is here so that anyone can see how they came about.
"""

import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageDraw

THUMBNAIL = 200
ORIENTATION = 0x0112


def mix(low, high, t):
    """Colours between low and high; t has any shape, the result one axis more."""
    t = np.clip(t, 0, 1)[..., None]
    return np.asarray(low, np.float32) * (1 - t) + np.asarray(high, np.float32) * t


def ridge(random, width, roughness, octaves=7):
    """A mountain line in -1..1: waves of falling height, each with a random phase."""
    x = np.linspace(0, 1, width, dtype=np.float32)
    line = np.zeros(width, np.float32)
    for octave in range(octaves):
        wave = np.sin(2 * np.pi * (1.3 * 2**octave * x + random.random()))
        line += wave * roughness**octave * (0.6 + 0.8 * random.random())
    return line / np.abs(line).max()


# sky top, sky low, sun, far mountain, near mountain
PALETTES = {
    "dawn": ((58, 82, 140), (250, 190, 150), (255, 236, 190), (128, 118, 158), (24, 32, 52)),
    "noon": ((50, 120, 200), (190, 224, 244), (255, 255, 236), (120, 158, 186), (28, 70, 56)),
    "dusk": ((32, 22, 68), (236, 110, 84), (255, 206, 120), (106, 60, 110), (20, 12, 34)),
    "mist": ((150, 172, 182), (226, 230, 222), (255, 252, 240), (160, 178, 180), (40, 64, 66)),
}


def landscape(width, height, palette, seed, grain=2.0):
    """Sky, sun, clouds, six mountain ridges in haze and a lake that mirrors them."""
    random = np.random.default_rng(seed)
    top, low, sun, far, near = PALETTES[palette]
    horizon = int(height * 0.70)
    y = np.linspace(0, 1, horizon, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    sky = mix(top, low, np.broadcast_to(y**1.2, (horizon, width)))
    sun_x, sun_y = 0.25 + 0.5 * random.random(), 0.38 + 0.2 * random.random()
    distance = np.hypot((x - sun_x) * width / height, (y - sun_y) * 0.7)
    glow = np.exp(-distance * 5) * 0.75 + 1 / (1 + np.exp(np.clip((distance - 0.045) * 400, -60, 60)))
    sky += (np.asarray(sun, np.float32) - sky) * np.clip(glow, 0, 1)[..., None]
    cloud = sum(
        np.sin(2 * np.pi * (f * x * 1.1 + random.random() + 0.35 * np.sin(f * y * 5))) * np.sin(f * 4 * np.pi * y) / f
        for f in (1, 2, 3, 5, 8)
    )
    sky += (255 - sky) * (np.clip(cloud - 0.55, 0, 1) * 0.45)[..., None]

    rows = np.arange(horizon, dtype=np.float32)[:, None]
    for layer in range(6):
        depth = layer / 5
        base = horizon * (0.62 + 0.34 * depth)
        line = base - ridge(random, width, 0.48 + 0.06 * depth) * horizon * (0.15 - 0.06 * depth)
        cover = np.clip(rows - line[None, :], 0, 1)
        haze = np.clip((rows - line[None, :]) / (horizon * 0.25), 0, 1) * (1 - depth) * 0.5
        colour = mix(mix(far, near, np.float32(depth)), low, haze)
        sky += (colour - sky) * cover[..., None]
    picture = np.empty((height, width, 3), np.float32)
    picture[:horizon] = sky

    depth = height - horizon
    step = np.linspace(0, 1, depth, dtype=np.float32)
    ripple = np.sin(np.cumsum(4 / (0.3 + step)) * 0.55) * (1 + 7 * step) * height / 900
    source = np.clip(horizon - 1 - np.arange(depth) * (horizon / depth) * 0.72 + ripple, 0, horizon - 1).astype(int)
    water = sky[source] * 0.72 + np.asarray(top, np.float32) * 0.16
    picture[horizon:] = water * (1 - 0.25 * step)[:, None, None]
    if grain:
        picture += random.normal(0, grain, (height, width, 1)).astype(np.float32)
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def lens_badge(size):
    """A round badge on nothing, its rings more and more transparent, its edges smooth."""
    scale = 4
    big = Image.new("RGBA", (size * scale, size * scale))
    draw = ImageDraw.Draw(big)
    for i, colour in enumerate([(239, 98, 72), (246, 160, 76), (250, 211, 110), (84, 168, 160), (42, 92, 128)]):
        inset = size * scale * (0.04 + 0.085 * i)
        draw.ellipse([inset, inset, size * scale - inset, size * scale - inset], fill=(*colour, 255 - 24 * i))
    return big.resize((size, size), Image.Resampling.LANCZOS)


def arrow_up(width, height):
    """An asymmetric picture in which up and left can be told: for the eight orientations."""
    picture = landscape(width, height, "noon", 31, grain=0)
    draw = ImageDraw.Draw(picture)
    w, h = width, height
    draw.polygon([(w * 0.5, h * 0.1), (w * 0.7, h * 0.45), (w * 0.3, h * 0.45)], fill=(236, 72, 60))
    draw.rectangle([w * 0.44, h * 0.45, w * 0.56, h * 0.9], fill=(236, 72, 60))
    draw.ellipse([w * 0.05, h * 0.06, w * 0.17, h * 0.06 + w * 0.12], fill=(255, 220, 70))
    return picture


def stored_turned(upright, orientation):
    """The pixels as a camera that was held so stores them: undone by the EXIF orientation."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the inverse of each, as Image.Transpose
    return upright.transpose(undo[orientation]) if orientation in undo else upright


def exif(orientation=1, private=False):
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    if private:  # things that must not reach a thumbnail
        tags[0x010F] = "Example Camera Works"
        tags[0x013B] = "A. Photographer"
        tags.get_ifd(0x8825).update({1: "N", 2: (48.0, 12.0, 30.0), 3: "E", 4: (11.0, 34.0, 12.0)})
    return tags


def png_bomb(width, height):
    """A tiny PNG whose header promises width x height grey pixels, all of them black."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + width // 8)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def make_good(folder):
    """Writes the pictures; returns name -> (width, height) as a person sees it, upright."""
    sizes = {}

    def save(name, picture, upright=None, **options):
        picture.save(folder / name, **options)
        sizes[name] = (upright or picture).size

    save("lake-0.3mp.jpg", landscape(640, 480, "dawn", 1), quality=88, exif=exif(1, private=True))
    save("ridges-12mp.jpg", landscape(4000, 3000, "dusk", 2, grain=0), quality=80, progressive=True)
    save("panorama-50mp.jpg", landscape(8660, 5774, "mist", 3, grain=0), quality=62, subsampling=2)
    save("portrait.jpg", landscape(720, 1080, "noon", 4), quality=86)
    save("badge-transparent.png", lens_badge(480), optimize=True)
    save("valley.webp", landscape(1200, 800, "noon", 5), quality=82, method=6)
    save("badge-transparent.webp", lens_badge(360), quality=82, method=6)
    save("pixel.png", Image.new("RGB", (1, 1), (236, 72, 60)))
    save("grey.jpg", landscape(900, 600, "mist", 6).convert("L"), quality=85)
    save("cmyk.jpg", landscape(800, 600, "dusk", 7, grain=0).convert("CMYK"), quality=85)
    palette = landscape(600, 400, "dawn", 8, grain=0).quantize(64, dither=Image.Dither.NONE)
    save("palette.png", palette, optimize=True)
    deep = np.asarray(landscape(500, 375, "mist", 9, grain=0).convert("L").resize((500, 375)), np.uint16) * 257
    save("grey-16bit.png", Image.fromarray(deep), optimize=True)
    strip = landscape(3000, 40, "dawn", 10, grain=0)
    save("very-wide.png", strip.quantize(48, dither=Image.Dither.NONE), optimize=True)
    upright = arrow_up(320, 240)
    for orientation in range(1, 9):
        stored = stored_turned(upright, orientation)
        save(f"orientation-{orientation}.jpg", stored, upright, quality=85, exif=exif(orientation))
    return sizes


def make_bad(folder):
    """Files that the resize function must refuse; returns name -> a part of the reason it gives."""
    folder.mkdir(exist_ok=True)
    (folder / "not-an-image.jpg").write_text("This is a letter, not a picture. Somebody renamed it.\n" * 20)
    whole = (folder.parent / "lake-0.3mp.jpg").read_bytes()
    (folder / "truncated.jpg").write_bytes(whole[: len(whole) * 2 // 5])
    (folder / "bomb.png").write_bytes(png_bomb(40000, 40000))
    return {"bad/not-an-image.jpg": "not a picture", "bad/truncated.jpg": "damaged", "bad/bomb.png": "megapixels"}


def expected_size(width, height):
    """In whole numbers, so that no rounding of a float is part of the expectation."""
    longest = max(width, height)
    if longest <= THUMBNAIL:
        return [width, height]
    return [max(1, (2 * side * THUMBNAIL + longest) // (2 * longest)) for side in (width, height)]


def main():
    here = pathlib.Path(__file__).resolve().parent
    folder = here / "pictures"
    folder.mkdir(exist_ok=True)
    sizes = make_good(folder)
    expected = {
        "thumbnail_size": THUMBNAIL,
        "thumbnails": {name: expected_size(*size) for name, size in sorted(sizes.items())},
        "refused": make_bad(folder / "bad"),
    }
    (here / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")


if __name__ == "__main__":
    main()
