"""Logos: whatever was sent is decoded and drawn anew, so that nothing of the file itself is kept."""

import secrets
from io import BytesIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 25_000_000  # looked at before anything is decoded: a small file can unpack to gigabytes
SIDE = 512
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
CONTENT_TYPE = "image/webp"


class NotALogo(ValueError):
    """What is wrong with the file, in words."""


def redraw(file):
    """The image of an uploaded file as WebP bytes, at most 512 pixels wide and high, without metadata."""
    if file.size > MAX_BYTES:
        raise NotALogo("The file is larger than 5 MB. Save it smaller and try again.")
    try:
        with Image.open(file, formats=FORMATS) as image:
            return _webp(image)
    except NotALogo:
        raise
    except UnidentifiedImageError as error:
        raise NotALogo("This is not an image in PNG, JPEG, WebP or GIF.") from error
    except Exception as error:  # a decoder fails in any way on a file that was made to fail
        raise NotALogo("This image is damaged and could not be read.") from error


def _webp(image):
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise NotALogo(f"{width:,} × {height:,} pixels are too many. Save it smaller and try again.")
    image = ImageOps.exif_transpose(image)
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    clean = Image.new(image.mode, image.size)
    clean.paste(image)
    drawn = BytesIO()
    clean.save(drawn, "WEBP", quality=90, method=4)
    return drawn.getvalue()


def set_logo(partner, content):
    """Stores a redrawn logo under a name that nobody can guess; the one before is deleted after the commit."""
    before = partner.logo.name
    partner.logo.name = default_storage.save(f"logos/{secrets.token_hex(16)}.webp", ContentFile(content))
    partner.save(update_fields=["logo"])
    _forget(before)


def remove_logo(partner):
    before = partner.logo.name
    partner.logo = None
    partner.save(update_fields=["logo"])
    _forget(before)


def version_of(partner):
    """What stands in the logo's address: new with every logo."""
    return partner.logo.name.rpartition("/")[2].removesuffix(".webp") if partner.logo else ""


def _forget(name):
    if name:
        transaction.on_commit(lambda: default_storage.delete(name))
