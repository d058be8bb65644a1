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
    "exception": "scenes-8-exception",
}

shots = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "artifacts/vscode"
for name, shot in PICTURES.items():
    image = Image.open(shots / f"{shot}.png").convert("RGB").quantize(160, dither=Image.Dither.NONE)
    out = ROOT / f"vscode-extension/media/{name}.png"
    image.save(out, optimize=True)
    print(f"{out.relative_to(ROOT)}: {out.stat().st_size // 1024} KB")
