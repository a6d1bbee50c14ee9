"""Writes one ticket as ticket.png, ticket.jpg and ticket.pdf into a folder, with libraries that are not Cueline's.

The codes are segno's and python-barcode's, so that what is printed is held against others' work.
Usage: make_ticket.py FOLDER QR_TEXT CODE128_TEXT
"""

import sys
from pathlib import Path

import segno
from barcode.codex import Code128
from PIL import Image, ImageDraw, ImageFont

MODULE = 4  # dots at 203 dpi: 0.5 mm, read by any scanner
WIDTH, HEIGHT = 560, 440  # dots at 203 dpi: 70 x 55 mm
QR_AT, BARS_AT, BARS_HEIGHT, BAR_DOTS = (24, 120), (24, 320), 90, 3
LINES = [(24, 16, 40, "Hamlet"), (24, 66, 24, "Stalls  row C  seat 12"), (220, 140, 24, "Friday 19:30"), (220, 180, 24, "19.50 EUR")]


def qr_modules(text):
    return [[bool(m) for m in row] for row in segno.make(text, error="m", micro=False).matrix]


def bar_modules(text):
    return [m == "1" for m in Code128(text).build()[0]]


def rectangles(qr, bars):
    """Black boxes x, y, width, height in dots from the top left."""
    x0, y0 = QR_AT
    for y, row in enumerate(qr):
        for x, on in enumerate(row):
            if on:
                yield x0 + x * MODULE, y0 + y * MODULE, MODULE, MODULE
    x0, y0 = BARS_AT
    for x, on in enumerate(bars):
        if on:
            yield x0 + x * BAR_DOTS, y0, BAR_DOTS, BARS_HEIGHT


def picture(boxes):
    image = Image.new("L", (WIDTH, HEIGHT), 255)
    draw = ImageDraw.Draw(image)
    for x, y, w, h in boxes:
        draw.rectangle((x, y, x + w - 1, y + h - 1), fill=0)
    for x, y, size, text in LINES:
        draw.text((x, y), text, fill=0, font=ImageFont.load_default(size=size))
    return image


def pdf(boxes):
    scale = 72 / 203.2  # 8 dots a millimetre

    def down(y):
        return (HEIGHT - y) * scale

    drawing = ["0 g"]
    for x, y, w, h in boxes:
        drawing.append(f"{x * scale:.4f} {down(y + h):.4f} {w * scale:.4f} {h * scale:.4f} re")
    drawing.append("f")
    for x, y, size, text in LINES:
        drawing.append(f"BT /F1 {size * scale:.2f} Tf {x * scale:.4f} {down(y + size):.4f} Td ({text}) Tj ET")
    stream = "\n".join(drawing).encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH * scale:.4f} {HEIGHT * scale:.4f}] "
        "/Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


folder, qr_text, bar_text = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
boxes = list(rectangles(qr_modules(qr_text), bar_modules(bar_text)))
image = picture(boxes)
image.save(folder / "ticket.png")
image.save(folder / "ticket.jpg", quality=90)
(folder / "ticket.pdf").write_bytes(pdf(boxes))
