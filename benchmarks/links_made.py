"""An invented graph of who is who: small components, hubs of both kinds, chains beyond the cap."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

TYPES = pa.array(["user_id", "email_sha256", "crm_contact", "phone_sha256", "customer_id"])
SIZES, OF_SIZE = (2, 3, 4, 5, 8), (0.35, 0.3, 0.2, 0.1, 0.05)
HUBS_EVERY, HUB = 100_000, 50  # a role mailbox of 50 neighbours per so many links
CHAINS_EVERY, CHAIN = 500_000, 5_000  # a chain of 5,000 links per so many


def make(count: int, seed: int = 1) -> pa.Table:
    """About `count` links in no order, as `components` takes them."""
    rng = np.random.default_rng(seed)
    star = _stars(rng, count - count // HUBS_EVERY * HUB - count // CHAINS_EVERY * CHAIN)
    keys = int(star.max()) + 1
    hub = rng.integers(0, keys, (2, count // HUBS_EVERY * HUB))
    hub[0] = np.repeat(rng.integers(0, keys, count // HUBS_EVERY), HUB)
    chain = rng.permutation(keys)[: count // CHAINS_EVERY * (CHAIN + 1)].reshape(-1, CHAIN + 1)
    chained = np.stack([chain[:, :-1].ravel(), chain[:, 1:].ravel()])
    low, high = np.sort(np.concatenate([star, hub, chained], axis=1), axis=0)
    pairs = rng.permutation(np.unique((low * keys + high)[low != high]))
    ends = np.stack([pairs // keys, pairs % keys])
    return _told(rng, keys, ends)


def _stars(rng: np.random.Generator, count: int) -> np.ndarray:
    """People of a few identifiers, all linked to one of them; 2 x count."""
    size = rng.choice(SIZES, p=OF_SIZE, size=count)
    first = np.cumsum(size) - size
    other = np.delete(np.arange(size.sum()), first)
    return np.stack([np.repeat(first, size - 1), other])[:, :count]


def _told(rng: np.random.Generator, count: int, ends: np.ndarray) -> pa.Table:
    """Pairs of numbers as links between keys, the smaller key on the left."""
    keys, kind = _keys(rng, count), TYPES.take(pa.array(rng.integers(0, len(TYPES), count)))
    left, right = (keys.take(pa.array(end)) for end in ends)
    is_ordered = pc.less(left, right).to_numpy(zero_copy_only=False)
    left, right = (pa.array(end) for end in np.where(is_ordered, ends, ends[::-1]))
    columns = [keys.take(left), keys.take(right), kind.take(left), kind.take(right)]
    return pa.table(columns, ["left", "right", "left_type", "right_type"])


def _keys(rng: np.random.Generator, count: int) -> pa.Array:
    """Distinct keys of 20 hexadecimal digits: 80 bits never met twice so far."""
    drawn = np.frombuffer(rng.bytes(10 * count), np.uint8).reshape(count, 10)
    digits = np.stack([drawn >> 4, drawn & 15], axis=2).reshape(count, 20)
    letters = np.frombuffer(b"0123456789abcdef", np.uint8)[digits]
    ends = pa.array(np.arange(count + 1, dtype=np.int32) * 20)
    return pa.StringArray.from_buffers(count, ends.buffers()[1], pa.py_buffer(letters))
