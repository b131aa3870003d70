"""Ed25519ph verification as RFC 8032 section 5.1.7 writes it, in integers: slow, and nobody's library."""

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def _point(encoded):
    y = int.from_bytes(encoded, "little") & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert (x * x - square) % P == 0
    return (P - x if x & 1 != encoded[31] >> 7 else x), y


def _add(one, other):
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2
    return (
        (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P,
    )


def _times(factor, point):
    total = (0, 1)
    for bit in bin(factor)[2:]:
        total = _add(total, total)
        if bit == "1":
            total = _add(total, point)
    return total


def ed25519ph_verifies(public_key, message, signature):
    """Whether the signature is of this message, with an empty context. The message is hashed here."""
    commitment, response = signature[:32], int.from_bytes(signature[32:], "little")
    prefix = b"SigEd25519 no Ed25519 collisions" + bytes([1, 0])
    hashed = hashlib.sha512(prefix + commitment + public_key + hashlib.sha512(message).digest()).digest()
    challenge = int.from_bytes(hashed, "little") % ORDER
    base = _point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    right = _add(_point(commitment), _times(challenge, _point(public_key)))
    return response < ORDER and _times(response, base) == right
