"""Names shared by the modules of the integration."""

from typing import Final

from homeassistant.const import Platform

DOMAIN: Final = "porthole"

#: The version of docs/api.md that this integration speaks (`api` of the server).
API_VERSION: Final = 1

PLATFORMS: Final = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CAMERA,
    Platform.EVENT,
    Platform.MEDIA_PLAYER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]

#: The type of the subentries: one per camera, with the camera's id as unique id.
SUBENTRY_CAMERA: Final = "camera"

#: The end of the unique id of the entity that stands for a camera.
KEY_CAMERA: Final = "camera"

CONF_CAMERA: Final = "camera"
CONF_CAMERAS: Final = "cameras"
#: Option: cameras of the server that the user does not want here.
CONF_IGNORED: Final = "ignored"
#: Option: cameras that appear on the server appear here, too.
CONF_ADD_NEW: Final = "add_new"

#: Fired on the bus: `{device_id, camera, type}` with a type of `EVENT_TYPES`.
EVENT_PORTHOLE: Final = "porthole_event"

TYPE_RING: Final = "ring"
TYPE_MOTION: Final = "motion"
TYPE_ONLINE: Final = "online"
TYPE_OFFLINE: Final = "offline"
EVENT_TYPES: Final = (TYPE_RING, TYPE_MOTION, TYPE_ONLINE, TYPE_OFFLINE)

TIER_AUTO: Final = "auto"
TIER_MAIN: Final = "main"
TIER_SUB: Final = "sub"

#: Dispatched with the entry when its server is connected anew.
SIGNAL_LOADED: Final = "porthole_loaded"
