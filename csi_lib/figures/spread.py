"""Keeping labels apart: along a line, and around points on a map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions as near to `wanted` as possible (least squares), at least `gap` apart, within [low, high].

    Order is kept; where there is not enough room the gap shrinks evenly. Pool-adjacent-violators on the
    positions minus their minimal offsets.
    """
    count = len(wanted)
    if count == 0:
        return []
    gap = min(gap, (high - low) / max(1, count - 1)) if count > 1 else gap
    order = np.argsort(np.asarray(wanted, dtype=float), kind="stable")
    target = np.asarray(wanted, dtype=float)[order] - gap * np.arange(count)
    blocks: list[list[float]] = []  # mean and size of each run that moves as one
    for value in target:
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, m), (b, n) = blocks[-2:]
            blocks[-2:] = [[(a * m + b * n) / (m + n), m + n]]
    fitted = np.concatenate([np.full(n, mean) for mean, n in blocks])
    fitted = np.clip(fitted, low, high - gap * (count - 1)) + gap * np.arange(count)
    out = np.empty(count)
    out[order] = fitted
    return out.tolist()


def overlap(a, b) -> bool:
    """Whether two boxes (left, top, right, bottom) share area."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def place_labels(
    spots: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    *,
    frame: tuple[float, ...],
    gap: float = 1.6,
    avoid: Sequence[tuple[float, ...]] = (),
    corners_first: bool = False,
) -> list[tuple[float, float]] | None:
    """Left-top corners for labels beside their points, none touching another or a point; None if crowded.

    Tries eight places around each point, the most hemmed-in point first; `corners_first` keeps off crosses.
    """
    crowding = [sum(abs(x - u) + abs(y - v) < 25 for u, v in spots) for x, y in spots]
    order = sorted(range(len(spots)), key=lambda i: -crowding[i])
    out = name_some(spots, sizes, order=order, frame=frame, gap=gap, avoid=avoid, corners_first=corners_first)
    return None if any(corner is None for corner in out) else out


def name_some(
    spots: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    *,
    order: Sequence[int],
    frame: tuple[float, ...],
    gap: float = 1.6,
    avoid: Sequence[tuple[float, ...]] = (),
    corners_first: bool = False,
) -> list[tuple[float, float] | None]:
    """As `place_labels`, but a label for which there is no room is left out (None); `order` says who comes first."""
    dots = [(x - gap * 0.8, y - gap * 0.8, x + gap * 0.8, y + gap * 0.8) for x, y in spots]
    taken: list[tuple[float, ...]] = [*avoid]
    out: list = [None] * len(spots)
    for i in order:
        (x, y), (w, h) = spots[i], sizes[i]
        sides = [
            (x + gap, y - h / 2),
            (x - gap - w, y - h / 2),
            (x - w / 2, y - gap - h),
            (x - w / 2, y + gap),
        ]
        near = gap * 0.5
        corners = [(x + near, y - near - h), (x + near, y + near), (x - near - w, y - near - h),
                   (x - near - w, y + near)]  # fmt: skip
        for left, top in corners + sides if corners_first else sides + corners:
            box = (left, top, left + w, top + h)
            inside = box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]
            others = (d for k, d in enumerate(dots) if k != i)
            if inside and not any(overlap(box, t) for t in taken) and not any(overlap(box, d) for d in others):
                taken.append(box)
                out[i] = (left, top)
                break
    return out
