"""A data set of a few small made-up images, in the folder layout that training reads."""

from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT, FOCAL = 128, 96, 100.0
CLASSES = 13
CAMERA_YAML = f"""image_width: {WIDTH}
image_height: {HEIGHT}
camera_matrix: {{rows: 3, cols: 3, data: [{FOCAL}, 0, 63.5, 0, {FOCAL}, 47.5, 0, 0, 1]}}
distortion_model: plumb_bob
distortion_coefficients: {{rows: 1, cols: 5, data: [0, 0, 0, 0, 0]}}
"""


def write_tiny_folder(root: Path, count: int = 8, split: str = 'train', camera: bool = True):
    """Write images of grey stripes whose depth follows their brightness; return the root."""
    for name in ('rgb', 'depth', f'label{CLASSES}'):
        (root / name).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(count):
        stripes = rng.integers(20, 235, (1, 8, 1)).repeat(HEIGHT, 0).repeat(WIDTH // 8, 1)
        image = stripes.repeat(3, 2).astype(np.uint8)
        depth = (1000 + 20 * stripes[::2, ::2, 0]).astype(np.uint16)
        label = (stripes[..., 0] % CLASSES).astype(np.uint8)
        label[:4] = 255
        depth[:2] = 0
        cv2.imwrite(str(root / 'rgb' / f'{index:04}.png'), image)
        cv2.imwrite(str(root / 'depth' / f'{index:04}.png'), depth)
        cv2.imwrite(str(root / f'label{CLASSES}' / f'{index:04}.png'), label)
    (root / f'{split}.txt').write_text(''.join(f'{index:04}\n' for index in range(count)))
    if camera:
        (root / 'camera.yaml').write_text(CAMERA_YAML)
    return root
