"""Rendered text and cartoon faces, with what they show.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import string

import numpy as np

WORDS = ("compiler latency budget native code tensor vector register cache kernel channel window stride padding integer "
         "float scale zero point sample label model layer matrix weight bias sum product table measure report machine "
         "Brisk Hello World Total Price Invoice Number Street Avenue Monday October Street Berlin Tokyo Madrid").split()


def phrase(rng: np.random.Generator, least: int, most: int) -> str:
    """Words, numbers and prices of `least` to `most` characters."""
    while True:
        parts = []
        for _ in range(rng.integers(1, 5)):
            kind = rng.integers(5)
            if kind == 0:
                parts.append(f"{rng.integers(1, 9999)}.{rng.integers(0, 99):02}")
            elif kind == 1:
                parts.append("".join(rng.choice(list(string.ascii_uppercase + string.digits), rng.integers(3, 8))))
            else:
                parts.append(str(rng.choice(WORDS)))
        text = " ".join(parts)
        if least <= len(text) <= most:
            return text


def text_mask(text: str, size: float, rng: np.random.Generator) -> np.ndarray:
    """Ink of a line, 0 to 1, cropped; turned by up to two degrees and smoothed."""
    from PIL import Image, ImageDraw, ImageFilter, ImageFont

    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (int(right - left) + 16, int(bottom - top) + 16), 0)
    ImageDraw.Draw(image).text((8 - left, 8 - top), text, font=font, fill=255, stroke_width=int(rng.random() < 0.3))
    image = image.rotate(rng.uniform(-2, 2), resample=Image.Resampling.BILINEAR)
    image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.9)))
    box = image.getbbox()
    return np.asarray(image.crop(box), np.float32) / 255


def resized(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.fromarray(mask).resize((width, height), Image.Resampling.BILINEAR))


def colours(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Paper and ink, far enough apart to be read."""
    while True:
        paper, ink = rng.uniform(0, 1, (2, 3))
        if abs(paper.mean() - ink.mean()) > 0.3:
            return paper, ink


def painted(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """[3, h, w] in [-1, 1], with noise and light that falls off."""
    paper, ink = colours(rng)
    picture = paper[:, None, None] * (1 - mask) + ink[:, None, None] * mask
    slope = np.linspace(rng.uniform(0.75, 1), rng.uniform(0.75, 1), mask.shape[1])
    picture = picture * slope + rng.uniform(0.005, 0.05) * rng.standard_normal(picture.shape)
    return (np.clip(picture, 0, 1) * 2 - 1).astype(np.float32)


def line(text: str, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """One line as recognizers take it: scaled to the height, the rest to the right in grey (0)."""
    mask = text_mask(text, rng.uniform(24, 40), rng)
    mask = np.pad(mask, rng.integers(1, 6))
    used = min(width, max(8, round(mask.shape[1] * height / mask.shape[0])))
    picture = np.zeros((3, height, width), np.float32)
    picture[:, :, :used] = painted(resized(mask, height, used), rng)
    return picture


def page(height: int, width: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A page of lines, and where they are: [height, width] of bool."""
    mask, boxes = np.zeros((height, width), np.float32), np.zeros((height, width), bool)
    top = int(rng.integers(6, 20))
    while top < height - 24:
        drawn = text_mask(phrase(rng, 4, 22), rng.uniform(13, 28), rng)
        left = int(rng.integers(4, max(5, width - drawn.shape[1])))
        part = drawn[:height - top, :width - left]
        mask[top:top + part.shape[0], left:left + part.shape[1]] = part
        boxes[top:top + part.shape[0], left:left + part.shape[1]] = True
        top += part.shape[0] + int(rng.integers(6, 24))
    return painted(mask, rng), boxes


def faces(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """[3, height, width] in [-1, 1]: faces of several sizes before smooth colours."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    picture = np.stack([rng.uniform(60, 160) + rng.uniform(-30, 30) * np.sin(x / rng.uniform(20, 90) + rng.uniform(0, 6))
                        + rng.uniform(-30, 30) * np.cos(y / rng.uniform(20, 90)) for _ in range(3)])

    def blob(cx, cy, rx, ry, colour):
        inside = np.clip(8 * (1 - np.sqrt(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2)), 0, 1)
        for channel, value in enumerate(colour):
            picture[channel] = picture[channel] * (1 - inside) + value * inside

    taken = []
    for _ in range(rng.integers(1, 4)):
        size = rng.uniform(16, 52)
        cx, cy = rng.uniform(size, width - size), rng.uniform(size * 1.3, height - size * 1.3)
        if any(abs(cx - a) < size + s and abs(cy - b) < 1.4 * (size + s) for a, b, s in taken):
            continue
        taken.append((cx, cy, size))
        skin = np.array([205, 165, 140]) * rng.uniform(0.5, 1.15)
        dark = rng.uniform(10, 70, 3)
        blob(cx, cy - size * 0.35, size * 1.1, size * 1.2, dark)  # hair
        blob(cx, cy, size, size * 1.3, skin)
        for side in (-0.4, 0.4):
            blob(cx + side * size, cy - size * 0.3, size * 0.17, size * 0.1, (235, 235, 235))
            blob(cx + side * size, cy - size * 0.3, size * 0.09, size * 0.1, dark)
            blob(cx + side * size, cy - size * 0.5, size * 0.2, size * 0.05, dark)
        blob(cx, cy + size * 0.1, size * 0.12, size * 0.28, skin * 0.85)
        blob(cx, cy + size * 0.6, size * 0.36, size * 0.11, (150, 60, 60))
    picture += rng.uniform(0, 6) * rng.standard_normal(picture.shape)
    return ((np.clip(picture, 0, 255) - 127) / 128).astype(np.float32)
