"""The JSON form of a layer: an object whose only key is the layer's name."""

from collections.abc import Mapping

from model.layers import CATALOG, Layer
from model.parsing import Reader, name_of, to_plain


def read_layer(reader: Reader, raw: object, pointer: str) -> Layer | None:
    """Read `{"dense": {"units": 8}}`, or the short form `{"dense": 8}`; return None if the reader refuses it."""
    if not isinstance(raw, Mapping) or len(raw) != 1:
        reader.refuse(pointer, "type", 'must be an object with one key, like {"dense": 64} or {"relu": {}}')
        return None
    ((name, settings),) = raw.items()
    layer_type = reader.item(CATALOG, name, pointer)
    return None if layer_type is None else layer_type.read(reader, settings, f"{pointer}/{name}", read_layer)


def layer_to_json(layer: Layer) -> dict[str, object]:
    """Return a layer with all its settings as JSON values."""
    inside: object = [layer_to_json(each) for each in layer.inner] or to_plain(layer)
    return {name_of(CATALOG, layer): inside}
