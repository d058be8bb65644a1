#!/usr/bin/env python3
"""Makes the pictures of the extension's README and walkthrough from the screenshots of the last run.

    pictures.py [SCREENSHOTS]     # artifacts/vscode; needs Pillow

Screens have few colours: with a palette a picture is a third of its size."""

import pathlib
import sys

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PICTURES = {
    "hover": "editor-3-hover-profiled",
    "hints": "editor-2-hints",
    "disassembly": "scenes-7-instruction",
    "data": "scenes-6-data",
    "exception": "scenes-9-exception",
}



def with_palette(image: Image.Image) -> Image.Image:
    """The most frequent colours exactly, areas and text; the rest of the palette for what is rare and different."""
    often = [color for _, color in sorted(image.getcolors(1 << 24), reverse=True)[:192]]
    rare = image.quantize(64, Image.Quantize.MAXCOVERAGE).getpalette()[: 64 * 3]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for color in often for part in color] + rare)
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


shots = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "artifacts/vscode"
for name, shot in PICTURES.items():
    image = with_palette(Image.open(shots / f"{shot}.png").convert("RGB"))
    out = ROOT / f"vscode-extension/media/{name}.png"
    image.save(out, optimize=True)
    print(f"{out.relative_to(ROOT)}: {out.stat().st_size // 1024} KB")
