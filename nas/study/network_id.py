"""Placeholder until the helper's version lands."""
import hashlib, json
from typing import Any
def network_id(model: Any) -> str:
    return hashlib.sha256(json.dumps([type(l).__name__+str(l.output.shape)+str(l.get_config().get("kernel_size")) for l in model.layers]).encode()).hexdigest()[:12]
