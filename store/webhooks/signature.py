"""The signature of a delivery, by which a receiver knows that this service sent it.

Source: Standard Webhooks 1.0.0, "Verifying webhook authenticity".
"""

import base64
import hashlib
import hmac

from store.webhooks.subscriptions import PREFIX


def signed_headers(secret: str, delivery_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of a delivery: its id, the time of the attempt in seconds since 1970, and the signature."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.digest(key, f"{delivery_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
