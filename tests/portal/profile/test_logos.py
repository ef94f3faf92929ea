import io
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from portal.profile import logos
from workspaces.models import Partner

PAGE, UPLOAD = "/acme/profile/", "/acme/profile/logo/"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(kind="PNG", size=(40, 20), mode="RGB", colour="red", **options):
    drawn = io.BytesIO()
    Image.new(mode, size, colour).save(drawn, kind, **options)
    return drawn.getvalue()


def upload(content, name="logo.png", kind="image/png"):
    return {"logo": SimpleUploadedFile(name, content, kind)}


def bomb():
    """A few bytes that say they are 60,000 × 60,000 pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.fixture
def logo_of(acme, inside):
    def look(partner):
        with inside(acme):
            return Partner.objects.get(pk=partner.pk).logo.name

    return look


@pytest.fixture
def version(logo_of):
    return lambda partner: logo_of(partner).removeprefix("logos/").removesuffix(".webp")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_an_image_is_drawn_anew_at_most_512_pixels_wide(kind, pat, brightpath, as_user, version):
    client = as_user(pat)
    assert client.post(UPLOAD, upload(picture(kind, (2000, 1000)))).status_code == 302
    response = client.get(f"{UPLOAD}{version(brightpath)}/")
    content = b"".join(response.streaming_content)
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size) == ("WEBP", (512, 256))
    assert response["Content-Type"] == "image/webp"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]


def test_nothing_of_the_file_itself_is_kept(pat, brightpath, as_user, version):
    exif = Image.Exif()
    exif[0x010E] = "Taken at home, secret street 7"
    exif[0x0112] = 6  # lies on its side
    content = picture("JPEG", (40, 20), exif=exif) + b"<script>alert(1)</script>"
    client = as_user(pat)
    client.post(UPLOAD, upload(content))
    kept = b"".join(client.get(f"{UPLOAD}{version(brightpath)}/").streaming_content)
    assert b"secret street" not in kept
    assert b"script" not in kept
    with Image.open(io.BytesIO(kept)) as image:
        assert not image.getexif()
        assert image.size == (20, 40)


def test_what_was_see_through_stays_so(pat, brightpath, as_user, version):
    client = as_user(pat)
    client.post(UPLOAD, upload(picture(mode="RGBA", colour=(255, 0, 0, 0))))
    with Image.open(
        io.BytesIO(b"".join(client.get(f"{UPLOAD}{version(brightpath)}/").streaming_content))
    ) as image:
        assert image.mode == "RGBA"
        assert image.getpixel((0, 0))[3] == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SVG, "not an image"),
        (b"GIF89a but not really", "not an image"),
        (b"", "not an image"),
        (b"%PDF-1.7", "not an image"),
        (picture("TIFF"), "not an image"),
        (picture("BMP"), "not an image"),
        (picture("JPEG", (800, 800))[:3000], "damaged"),
        (b"\x00" * (logos.MAX_BYTES + 1), "larger than 5 MB"),
    ],
    ids=["svg", "gif in name", "empty", "pdf", "tiff", "bmp", "cut off", "too large"],
)  # fmt: skip
def test_what_is_no_image_by_its_content_is_refused(content, words, pat, brightpath, as_user, logo_of, media):
    response = as_user(pat).post(UPLOAD, upload(content))
    assert response.status_code == 422
    assert words in response.text or "Choose an image" in response.text
    assert not logo_of(brightpath)
    assert not list(media.rglob("*.*"))


def test_a_file_on_which_the_decoder_stumbles_is_refused(pat, as_user, logo_of, brightpath):
    """Orientation and resolution of a picture are of types that a picture may lie about."""
    content = picture("JPEG", exif=_lying_exif())
    response = as_user(pat).post(UPLOAD, upload(content))
    assert response.status_code == 422
    assert "damaged" in response.text
    assert not logo_of(brightpath)


def _lying_exif():
    """Turned by a quarter, and an X resolution that is text."""
    entries = struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0) + struct.pack(">HHI4s", 0x011A, 2, 4, b"abc\0")
    return b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 2) + entries + struct.pack(">I", 0)


def test_a_small_file_that_unpacks_to_gigabytes_is_refused_before_it_does(pat, brightpath, as_user, logo_of):
    response = as_user(pat).post(UPLOAD, upload(bomb()))
    assert response.status_code == 422
    assert "60,000 × 60,000 pixels are too many" in response.text or "damaged" in response.text
    assert not logo_of(brightpath)


def test_without_a_file_it_says_so(pat, as_user):
    response = as_user(pat).post(UPLOAD)
    assert response.status_code == 422
    assert "Choose an image first" in response.text


def test_another_partners_logo_does_not_exist(pat, sam, kim, eve, ada, otto, brightpath, as_user, version):
    as_user(pat).post(UPLOAD, upload(picture()))
    address = f"profile/logo/{version(brightpath)}/"
    assert as_user(pat).get(f"/acme/{address}").status_code == 200
    for who, workspace in ((sam, "acme"), (kim, "acme"), (eve, "globex"), (eve, "acme"), (otto, "acme")):
        assert as_user(who).get(f"/{workspace}/{address}").status_code == 404
    for guess in ("0", "logos", f"{version(brightpath)}x"):
        assert as_user(pat).get(f"{UPLOAD}{guess}/").status_code == 404
    team = f"/acme/settings/profile/logos/{brightpath.pk}/{version(brightpath)}/"
    assert as_user(ada).get(team).status_code == 200
    assert as_user(pat).get(team).status_code == 404
    assert as_user(otto).get(team.replace("acme", "globex")).status_code == 404


def test_the_media_folder_has_no_address_of_its_own(pat, brightpath, as_user, logo_of):
    client = as_user(pat)
    client.post(UPLOAD, upload(picture(), name="../../evil.png"))
    name = logo_of(brightpath)
    assert len(name) == len("logos/") + 32 + len(".webp")
    for guess in (f"/media/{name}", f"/static/{name}", f"/{name}", f"/acme/media/{name}"):
        assert client.get(guess).status_code == 404


@pytest.mark.parametrize("closed", ["audience", "switch"])
def test_who_may_not_edit_uploads_and_removes_nothing(
    closed, acme, pat, brightpath, layout, narrow, as_user, logo_of, inside
):
    client = as_user(pat)
    client.post(UPLOAD, upload(picture()))
    before = logo_of(brightpath)
    if closed == "audience":
        narrow(layout.audience, "nobody")
    else:
        with inside(acme):
            layout.logo_editable = False
            layout.save()
    assert client.post(UPLOAD, upload(picture())).status_code == 404
    assert client.post(UPLOAD, {"remove": "1"}).status_code == 404
    assert 'name="logo"' not in client.get(PAGE).text
    assert logo_of(brightpath) == before


def test_a_new_logo_replaces_the_file_and_a_removed_one_is_gone(
    pat, brightpath, as_user, logo_of, media, django_capture_on_commit_callbacks
):
    client = as_user(pat)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(UPLOAD, upload(picture()))
    first = logo_of(brightpath)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(UPLOAD, upload(picture(colour="blue")))
    assert logo_of(brightpath) != first
    assert [f.name for f in media.rglob("*.webp")] == [logo_of(brightpath).removeprefix("logos/")]
    with django_capture_on_commit_callbacks(execute=True):
        client.post(UPLOAD, {"remove": "1"})
    assert not logo_of(brightpath)
    assert list(media.rglob("*.webp")) == []
