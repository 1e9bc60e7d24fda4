"""What a file is by its first bytes: only types that a browser shows without running anything of them. Pure."""

LARGEST_BYTES = 10 * 1024 * 1024

PDF, PNG, JPEG, WEBP = "application/pdf", "image/png", "image/jpeg", "image/webp"
ENDINGS = {PDF: "pdf", PNG: "png", JPEG: "jpg", WEBP: "webp"}


def type_of(content: bytes) -> str:
    """The media type, "" for everything else. SVG and HTML are refused on purpose: both can hold scripts."""
    if content.startswith(b"%PDF-"):
        return PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    return WEBP if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else ""
